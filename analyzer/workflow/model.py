"""A model: fitted patterns, their marks and the rulebook, saved and loaded as a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import StrictBool, StrictStr, TypeAdapter

import analyzer.patterns.bundle as bundles
from analyzer._version import __version__
from analyzer.errors import BundleError, InputError, RulebookError
from analyzer.features.catalog import CATALOG
from analyzer.patterns.bundle import Arrays
from analyzer.patterns.card import card_text, card_values
from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.evidence import Evidence
from analyzer.patterns.filling import Filling
from analyzer.patterns.identity import Lineage, lineage_from
from analyzer.patterns.profile import PatternProfile
from analyzer.patterns.prototypes import Prototypes
from analyzer.patterns.scaling import Scaling, transforms_of
from analyzer.policy.inheritance import Inheritance, inheritance_from, with_inherited
from analyzer.policy.inheritance import as_json as inheritance_json
from analyzer.policy.marks import Mark, mark_patterns
from analyzer.policy.rulebook import Rulebook, load_rulebook, rulebook_from
from analyzer.workflow.outputs import staged

REFERENCE: Final = "reference"
LEAST_HOUSEHOLDS: Final = 10
"""Fewest households behind any number on disk, whatever a model was fitted with."""


_PROFILE: Final = TypeAdapter(PatternProfile)
_EVIDENCE: Final = TypeAdapter(Evidence)
_TEXTS: Final = TypeAdapter(tuple[StrictStr, ...])
_FLAG: Final = TypeAdapter(StrictBool)
_DAY: Final[TypeAdapter[date | None]] = TypeAdapter(date | None)


@dataclass(frozen=True)
class Model:
    """What `classify` needs.

    Attributes
    ----------
    patterns : UsagePatterns
        Fitted; after loading without `labels_`, for a bundle holds no viewer.
    marks : tuple of Mark
        One a pattern, and the last for no pattern.
    rulebook : Rulebook
        Made the marks, and guards every vector.
    window : str
        The window that the patterns were found with.
    source : str
        What the model was fitted on, in words.
    digest : str
        Of the bundle that it was loaded from; empty where it was not.
    lineage : Lineage, optional
        How the patterns continue those of an earlier model.
    inheritance : mapping of pattern id to reasons
        Marks that came with the lineage; they stay whatever rulebook marks the patterns.
    decided : str
        What a ledger was asked about these marks and what it said, in words; empty where none was. See `in_force`.
    in_force : str
        What says whether the marks in force are still these: a SHA-256. Empty where no ledger knows the model.
    """

    patterns: UsagePatterns
    marks: tuple[Mark, ...]
    rulebook: Rulebook
    window: str = "28d"
    source: str = ""
    lineage: Lineage | None = None
    inheritance: Inheritance = field(default_factory=dict)
    digest: str = ""
    decided: str = ""
    in_force: str = ""

    def under(self, rulebook: Rulebook) -> Model:
        """Return the same patterns marked by another rulebook; what people decided is about the other marks."""
        marks = with_inherited(mark_patterns(self.patterns, rulebook), self.inheritance)
        return replace(self, rulebook=rulebook, marks=tuple(marks), decided="", in_force="")


def save_model(
    patterns: UsagePatterns,
    marks: Sequence[Mark],
    path: str | Path,
    *,
    rulebook: Rulebook | None = None,
    window: str = "28d",
    source: str = "not stated",
    lineage: Lineage | None = None,
    inheritance: Inheritance | None = None,
) -> Path:
    """Save patterns and marks as a bundle of aggregates; return its folder.

    Parameters
    ----------
    patterns : UsagePatterns
        Fitted.
    marks : sequence of Mark
        From `mark_patterns(patterns, rulebook)`.
    path : path
        Folder of the bundle; an existing bundle is replaced.
    rulebook : Rulebook, optional
        The one that made the marks; the shipped one by default.
    lineage, inheritance : optional
        Of a refit; see `Model`.

    Raises
    ------
    InputError
        When the marks are of another rulebook or other patterns, or aggregates are of too few households.
    """
    rulebook = rulebook or load_rulebook()
    handed_on = inheritance or {}
    if list(marks) != with_inherited(mark_patterns(patterns, rulebook), handed_on):
        raise InputError(
            "The marks are not those of these patterns under this rulebook.",
            "Call mark_patterns(patterns, rulebook) and pass the same rulebook to save_model.",
        )
    if patterns.min_households < LEAST_HOUSEHOLDS:
        raise InputError(
            f"The model aggregates {patterns.min_households} households; what is kept aggregates {LEAST_HOUSEHOLDS}.",
            f"Fit with min_households={LEAST_HOUSEHOLDS} or more.",
        )
    if patterns.everyone_.households < patterns.min_households:
        raise InputError(
            f"The model was fitted on fewer than {patterns.min_households} households, so no number of it is an"
            " aggregate that may be kept.",
            "Fit on more households, or classify with the reference model.",
        )
    manifest = _manifest(patterns, rulebook, window, source) | {
        "lineage": lineage.as_json() if lineage else None,
        "inheritance": inheritance_json(handed_on),
    }
    told = card_values(patterns.profiles_, [m.status.value for m in marks], manifest, patterns.evidence_.sentence())
    with staged(Path(path)) as stage:
        bundles.write_bundle(stage, manifest, _arrays(patterns), card_text(told), told)
    return Path(path)


def load_model(path: str | Path = REFERENCE) -> Model:
    """Load a bundle; "reference" is the model that comes with the package.

    Raises
    ------
    BundleError
        When the bundle is damaged, foreign, newer, or made for features that mean something else here.
    """
    folder = reference_folder() if str(path) == REFERENCE and not Path(path).is_dir() else Path(path)
    bundle = bundles.read_bundle(folder)
    try:
        model = _model(bundle)
        _check_features(folder, bundle.manifest)
    except BundleError:
        raise
    except RulebookError as error:  # most likely of an earlier version, in other words
        told = f" ({error.mistakes[0].sentence()})" if error.mistakes else ""
        cause = f"The bundle {folder} holds a rulebook that this version cannot read{told}."
        raise BundleError(cause, "Fit the model again.") from error
    except Exception as error:
        raise BundleError(f"The bundle {folder} is incomplete.", "Fit the model again.") from error
    return model


def reference_folder() -> Path:
    """Return the folder of the reference model: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "models" / REFERENCE
    return installed if installed.is_dir() else package.parent / "models" / REFERENCE


def _check_features(folder: Path, manifest: dict[str, Any]) -> None:
    if manifest["feature_fingerprint"] != bundles.feature_fingerprint(manifest["features"]):
        unknown = [name for name in manifest["features"] if name not in CATALOG]
        if unknown:
            raise BundleError(
                f"The bundle {folder} was made with {', '.join(unknown)}, which this process does not know.",
                "Import the module that declares the feature before loading, or fit without it.",
            )
        raise BundleError(
            f"The bundle {folder} was made for features that mean something else in this version.",
            "Extract features and fit again with this version.",
        )


def _manifest(patterns: UsagePatterns, rulebook: Rulebook, window: str, source: str) -> dict[str, Any]:
    names = list(getattr(patterns, "feature_names_in_", [f"x{i}" for i in range(patterns.n_features_in_)]))
    libraries = ("numpy", "scikit-learn", "hdbscan", "pandas")
    return {
        "kind": "usage patterns",
        "source": source,
        "window": window,
        "last_window": patterns.last_window_.isoformat() if patterns.last_window_ else None,
        "k": patterns.min_households,
        "features": [str(name) for name in names],
        "feature_fingerprint": bundles.feature_fingerprint([str(name) for name in names]),
        "named_features": hasattr(patterns, "feature_names_in_"),
        "parameters": {n: v if v is None else int(v) for n, v in patterns.get_params().items()},
        "libraries": {"analyzer": __version__, **{name: version(name) for name in libraries}},
        "rulebook": rulebook.as_json(),
        "rulebook_hash": rulebook.hash,
        "evidence": asdict(patterns.evidence_),
        "everyone": _profile_json(patterns.everyone_),
        "profiles": [_profile_json(profile) for profile in patterns.profiles_],
    }


def _arrays(patterns: UsagePatterns) -> Arrays:
    cells = patterns.prototypes_
    return {
        "mean": patterns.scaling_.mean,
        "scale": patterns.scaling_.scale,
        "covariance": patterns.filling_.covariance,
        "axes": patterns.axes_,
        "centers": cells.centers,
        "variances": cells.variances,
        "reach": cells.reach,
        "pattern": cells.pattern,
    }


def _profile_json(profile: PatternProfile) -> dict[str, Any]:
    values = asdict(profile)
    values["households"] = coarse(profile.households)
    share = profile.largest_household_share
    # In steps of a tenth, for it is one household's number; up, for down could loosen a mark.
    values["largest_household_share"] = None if share is None else float(np.ceil(share * 10) / 10)
    values["quantiles"] = {n: {f"{q:g}": v for q, v in qs.items()} for n, qs in profile.quantiles.items()}
    return values


def coarse(households: int) -> int:
    """Round down to one leading digit, so that a kept count says a size and not a number of people; below 10: 0."""
    if households < 10:
        return 0
    unit = 10 ** (len(str(households)) - 1)
    return int(households // unit * unit)


def _model(bundle: bundles.Bundle) -> Model:
    manifest, arrays = bundle.manifest, bundle.arrays
    patterns = UsagePatterns(**manifest["parameters"])
    names = list(_TEXTS.validate_python(manifest["features"]))
    patterns.n_features_in_ = len(names)
    named = _FLAG.validate_python(manifest["named_features"])
    if named:
        patterns.feature_names_in_ = np.array(names, dtype=object)
    _check_shapes(arrays, len(names), len(manifest["profiles"]))
    patterns.scaling_ = Scaling(transforms_of(names if named else None, len(names)), arrays["mean"], arrays["scale"])
    patterns.filling_, patterns.axes_ = Filling(arrays["covariance"]), arrays["axes"]
    at_least = np.full(len(arrays["centers"]), manifest["k"], dtype=np.int64)
    patterns.prototypes_ = Prototypes(
        arrays["centers"], arrays["variances"], arrays["reach"], arrays["pattern"], at_least
    )
    patterns.last_window_ = _DAY.validate_python(manifest.get("last_window"))  # bundles before 2026-11-26 have none
    patterns.evidence_ = _EVIDENCE.validate_python(manifest["evidence"])
    patterns.everyone_ = _PROFILE.validate_python(manifest["everyone"])
    patterns.profiles_ = tuple(_PROFILE.validate_python(values) for values in manifest["profiles"])
    ids = [profile.id for profile in patterns.profiles_]
    lineage = lineage_from(manifest["lineage"]) if manifest["lineage"] is not None else None
    if ids != (list(lineage.ids) if lineage else [f"P{n + 1:02d}" for n in range(len(ids))]):
        raise ValueError("pattern ids are not those of the lineage, or not in order")
    rulebook = rulebook_from(manifest["rulebook"], "the bundle's rulebook")
    if rulebook.hash != manifest["rulebook_hash"]:
        raise BundleError("The bundle's rulebook does not match its hash.", "Fit the model again.")
    handed_on = inheritance_from(manifest["inheritance"])
    marks = tuple(with_inherited(mark_patterns(patterns, rulebook), handed_on))
    window, source = _TEXTS.validate_python((manifest["window"], manifest["source"]))
    return Model(patterns, marks, rulebook, window, source, lineage, handed_on, manifest["digest"])


def _check_shapes(arrays: Arrays, features: int, patterns: int) -> None:
    cells, axes = arrays["centers"].shape
    expected = {
        "mean": (features,),
        "scale": (features,),
        "covariance": (features, features),
        "axes": (features, axes),
        "centers": (cells, axes),
        "variances": (cells, axes),
        "reach": (cells,),
        "pattern": (cells,),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} has the wrong shape or holds no finite numbers")
    if (arrays["variances"] <= 0).any():
        raise ValueError("a variance is not above 0")
    if arrays["pattern"].dtype != np.int64 or (np.diff(arrays["pattern"]) < 0).any():
        raise ValueError("pattern numbers are not whole numbers in ascending order")
    if cells and not 0 <= arrays["pattern"].min() <= arrays["pattern"].max() < patterns:
        raise ValueError("pattern numbers are out of range")
