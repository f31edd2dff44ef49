"""A bundle is data that is checked before it is believed; it holds no viewer, and loading it runs nothing."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import BundleError, InputError
from analyzer.features.catalog import select
from analyzer.features.context import ATTRIBUTE, HOUSEHOLD
from analyzer.patterns import bundle as bundles
from analyzer.patterns.bundle import ARRAYS, CARD, CARD_VALUES, MANIFEST, feature_fingerprint, read_bundle
from analyzer.patterns.estimator import UsagePatterns
from analyzer.policy.marks import mark_patterns
from analyzer.policy.rulebook import load_rulebook
from analyzer.workflow.classify import classify
from analyzer.workflow.model import coarse, load_model, save_model


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory) -> Path:
    """Return the folder of the population's bundle; read only."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    return save_model(fitted.patterns, fitted.marks, folder, source="a synthetic population")


@pytest.fixture
def copy(saved, tmp_path) -> Path:
    """Return a copy that a test may damage."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def sign(folder, manifest=None, arrays=None):
    """Put a manifest (or another `arrays.npz`) into a bundle and sign it, as an attacker with write access would."""
    if arrays is not None:
        (folder / ARRAYS).write_bytes(arrays)
    manifest = dict(manifest or json.loads((folder / MANIFEST).read_bytes()))
    manifest.pop("digest", None)
    if isinstance(manifest.get("sha256"), dict):
        manifest["sha256"] |= {n: bundles._sha256((folder / n).read_bytes()) for n in (ARRAYS, CARD, CARD_VALUES)}
    manifest["digest"] = bundles._sha256(bundles._canonical(manifest))
    (folder / MANIFEST).write_bytes(bundles._canonical(manifest))


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_bytes())


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


# What is saved is loaded


def test_what_is_saved_is_loaded(fitted, saved):
    model = load_model(saved)
    np.testing.assert_array_equal(model.patterns.predict(fitted.vectors), fitted.patterns.labels_)
    np.testing.assert_array_equal(model.patterns.transform(fitted.vectors), fitted.patterns.transform(fitted.vectors))
    pd.testing.assert_frame_equal(classify(model, fitted.vectors), classify(fitted.model, fitted.vectors))
    pd.testing.assert_frame_equal(
        classify(model, fitted.vectors, internal=True), classify(fitted.model, fitted.vectors, internal=True)
    )
    assert [m.status for m in model.marks] == [m.status for m in fitted.marks]
    assert [m.rule_ids for m in model.marks] == [m.rule_ids for m in fitted.marks]
    assert model.rulebook == fitted.model.rulebook
    assert (model.window, model.source) == ("28d", "a synthetic population")


def test_a_loaded_profile_says_what_the_fitted_one_said(fitted, saved):
    for loaded, made in zip(load_model(saved).patterns.profiles_, fitted.patterns.profiles_, strict=True):
        assert (loaded.id, loaded.name, loaded.quantiles, loaded.contrasts, loaded.over_represented) == (
            made.id,
            made.name,
            made.quantiles,
            made.contrasts,
            made.over_represented,
        )
        assert loaded.size_band == made.size_band


def test_a_loaded_model_can_be_saved_again_and_says_the_same(fitted, saved, tmp_path):
    model = load_model(saved)
    again = load_model(save_model(model.patterns, model.marks, tmp_path / "again"))
    pd.testing.assert_frame_equal(classify(again, fitted.vectors), classify(model, fitted.vectors))


def test_the_same_model_is_saved_as_the_same_bytes(fitted, saved, tmp_path):
    again = save_model(fitted.patterns, fitted.marks, tmp_path / "again", source="a synthetic population")
    assert (again / MANIFEST).read_bytes() == (saved / MANIFEST).read_bytes()


def test_an_existing_bundle_is_replaced_whole(copy, fitted, tmp_path):
    other = UsagePatterns(min_cluster_size=200).fit(fitted.vectors)
    save_model(other, mark_patterns(other), copy)
    assert len(load_model(copy).patterns.profiles_) == len(other.profiles_) != len(fitted.patterns.profiles_)


def test_parameters_that_are_numpy_numbers_can_be_saved(fitted, tmp_path):
    patterns = UsagePatterns(min_cluster_size=np.int64(200)).fit(fitted.vectors)
    folder = save_model(patterns, mark_patterns(patterns), tmp_path / "mine")
    assert load_model(folder).patterns.get_params()["min_cluster_size"] == 200


def test_vectors_without_names_can_be_fitted_and_saved(tmp_path):
    values = np.random.default_rng(0).normal(size=(200, 3))
    patterns = UsagePatterns(min_cluster_size=20).fit(values)
    loaded = load_model(save_model(patterns, mark_patterns(patterns), tmp_path / "mine"))
    np.testing.assert_array_equal(loaded.patterns.predict(values), patterns.labels_)


def test_marks_of_another_rulebook_are_refused(fitted, make_rulebook, tmp_path):
    other = make_rulebook({"no_pattern": True})
    with pytest.raises(InputError, match="not those of these patterns under this rulebook"):
        save_model(fitted.patterns, mark_patterns(fitted.patterns, other), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


# What is in it


@pytest.fixture(scope="module")
def texts(saved):
    return {name: (saved / name).read_bytes() for name in (MANIFEST, ARRAYS, CARD, CARD_VALUES)}


def test_a_bundle_is_three_files_and_none_is_a_pickle(saved):
    assert sorted(p.name for p in saved.iterdir()) == sorted([MANIFEST, ARRAYS, CARD, CARD_VALUES])
    for member in zipfile.ZipFile(saved / ARRAYS).namelist():
        with zipfile.ZipFile(saved / ARRAYS).open(member) as file:
            assert file.read(6) == b"\x93NUMPY"


def test_no_viewer_or_household_is_in_any_file(fitted, texts):
    ids = set(fitted.truth.index) | set(fitted.vectors.attrs[ATTRIBUTE].frame[HOUSEHOLD])
    assert len(ids) > 1_500
    unpacked = {**texts, **{n: zipfile.ZipFile(io.BytesIO(texts[ARRAYS])).read(n) for n in _members(texts)}}
    for name, data in unpacked.items():
        found = set(re.findall(rb"v\d{8}|h\d{5}-\d{4}", data))
        assert not {f.decode() for f in found} & ids, name
    assert re.search(rb"v\d{8}|h\d{5}-\d{4}", " ".join(ids).encode())


def _members(texts):
    return zipfile.ZipFile(io.BytesIO(texts[ARRAYS])).namelist()


def test_no_training_row_is_in_any_array_neither_raw_nor_scaled_nor_projected(fitted, saved):
    raw = fitted.vectors.to_numpy()
    spaces = [raw, fitted.patterns.scaling_.apply(raw), fitted.patterns.transform(fitted.vectors)]
    arrays = read_bundle(saved).arrays
    assert any(array.ndim == 2 and array.shape[1] == spaces[2].shape[1] for array in arrays.values())
    for space in spaces:
        rows = {tuple(np.round(row, 6)) for row in space}
        assert len(rows) > 4_000
        for name, array in arrays.items():
            kept = array if array.ndim == 2 else array[None]
            for candidate in (*kept, *kept.T):
                assert tuple(np.round(candidate, 6)) not in rows, name


def test_no_distinctive_value_of_a_training_row_is_written_in_any_text(fitted, texts):
    """Values that one vector alone has, to six digits, at more than four digits: none is a number in a text."""
    values = fitted.vectors.to_numpy().ravel()
    told = pd.Series(values[~np.isnan(values)]).map("{:.6g}".format).value_counts()
    distinctive = {text for text in told.index[told == 1] if float(f"{float(text):.4g}") != float(text)}
    assert len(distinctive) > 10_000
    for name in (MANIFEST, CARD, CARD_VALUES):
        numbers = re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", texts[name].decode())
        assert len(numbers) > 20
        assert not distinctive & {f"{float(n):.6g}" for n in numbers if len(n) < 30}, name


def test_every_center_is_a_mean_of_at_least_ten_households(fitted):
    assert fitted.patterns.prototypes_.households.min() >= 10


def numbers_called(values, name):
    """Every value of a key, however deep."""
    if isinstance(values, dict):
        here = [values[name]] if name in values else []
        return here + [found for part in values.values() for found in numbers_called(part, name)]
    if isinstance(values, list):
        return [found for part in values for found in numbers_called(part, name)]
    return []


def test_no_count_of_households_is_below_ten_or_exact(saved, fitted):
    counts = numbers_called({k: v for k, v in manifest_of(saved).items() if k != "rulebook"}, "households")
    assert len(counts) == len(fitted.patterns.profiles_) + 1
    assert all(count >= 10 and len(str(count).rstrip("0")) == 1 for count in counts)
    assert "households" not in read_bundle(saved).arrays
    assert not any("count" in name or "size" in name for name in read_bundle(saved).arrays)


@pytest.mark.parametrize(
    ("households", "kept"), [(0, 0), (1, 0), (9, 0), (10, 10), (19, 10), (53, 50), (199, 100), (53_999, 50_000)]
)
def test_a_kept_count_says_a_size_and_not_a_number_of_people(households, kept):
    assert coarse(households) == kept


def test_a_group_of_too_few_households_is_kept_as_nothing(tmp_path):
    rng = np.random.default_rng(0)
    centers = np.repeat([[0.0, 0.0, 0.0], [9.0, 9.0, 0.0], [0.0, 9.0, 9.0]], (300, 300, 100), axis=0)
    households = np.concatenate([np.arange(600), 7 + np.arange(100) % 9])
    found = UsagePatterns(min_cluster_size=50, null_copies=0).fit(
        centers + rng.normal(size=(700, 3)), households=households
    )
    manifest = manifest_of(save_model(found, mark_patterns(found), tmp_path / "mine"))
    assert len(manifest["profiles"]) == 2
    assert all(profile["quantiles"]["x2"]["0.9"] < 5 for profile in manifest["profiles"])


def test_the_card_shows_bands_and_never_numbers_of_households(saved, fitted):
    card = (saved / CARD).read_text()
    for profile in fitted.patterns.profiles_:
        row = f"| {profile.id} | {profile.name} | {profile.size_band} |"
        assert row in card
        card = card.replace(row, "")
    card = card.replace(fitted.patterns.evidence_.sentence(), "")
    card = re.sub(r"\d+(\.\d+)+", "", card)  # stability and versions
    counts = {str(p.households) for p in fitted.patterns.profiles_}
    assert not counts - {"10", "28", "50"} & set(re.findall(r"\d+", card))  # k, the window and the number of features
    assert "Never for" in card


@pytest.mark.parametrize("households", [1, 2, 9])
def test_a_model_of_fewer_than_ten_households_is_not_saved(tmp_path, households):
    values = np.random.default_rng(0).normal(size=(300, 3))
    patterns = UsagePatterns().fit(values, households=np.arange(300) % households)
    with pytest.raises(InputError, match="fewer than 10 households"):
        save_model(patterns, mark_patterns(patterns), tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("least", [2, 9])
def test_a_model_whose_numbers_aggregate_fewer_than_ten_households_is_not_saved(tmp_path, least):
    patterns = UsagePatterns(min_households=least).fit(np.random.default_rng(0).normal(size=(300, 3)))
    with pytest.raises(InputError, match="min_households=10"):
        save_model(patterns, mark_patterns(patterns), tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


# What is refused


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS, CARD, CARD_VALUES])
def test_one_changed_byte_anywhere_is_refused(copy, name):
    data = (copy / name).read_bytes()
    for number, position in enumerate(np.unique(np.linspace(0, len(data) - 1, 40).round().astype(int))):
        for change in (1, 0x20 << number % 3):
            changed = bytearray(data)
            changed[position] ^= change
            (copy / name).write_bytes(changed)
            with pytest.raises(BundleError):
                read_bundle(copy)
    (copy / name).write_bytes(data)
    read_bundle(copy)


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS, CARD, CARD_VALUES])
@pytest.mark.parametrize(
    "change", [lambda d: d + b"\n", lambda d: d[:-1], lambda d: b" " + d, lambda d: b"", lambda d: d[: len(d) // 2]]
)
def test_a_byte_more_or_less_is_refused(copy, name, change):
    (copy / name).write_bytes(change((copy / name).read_bytes()))
    with pytest.raises(BundleError):
        load_model(copy)


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS, CARD, CARD_VALUES])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(BundleError, match=re.escape(name)):
        load_model(copy)


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS, CARD, CARD_VALUES])
@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_what_is_not_a_file_is_not_read(copy, name, kind):
    (copy / name).unlink()
    if kind == "device":
        (copy / name).symlink_to("/dev/null")
    elif kind == "pipe":
        os.mkfifo(copy / name)
        os.open(copy / name, os.O_RDWR)  # so that a reader would not wait for ever for the other end
    else:
        (copy / name).mkdir()
    with pytest.raises(BundleError, match="is not a file"):
        load_model(copy)


def test_a_folder_without_a_bundle_says_so(tmp_path):
    with pytest.raises(BundleError, match="There is no bundle"):
        load_model(tmp_path / "nothing")
    with pytest.raises(BundleError, match=re.escape(MANIFEST)):
        load_model(tmp_path)


@pytest.mark.parametrize("version", [1, 3, 10**9, None, "2", 2.5, [2]])
def test_a_newer_or_unknown_schema_is_refused(copy, version):
    sign(copy, {**manifest_of(copy), "schema_version": version})
    with pytest.raises(BundleError, match="schema version"):
        load_model(copy)


def test_signing_alone_is_not_what_refuses(copy, fitted):
    sign(copy, manifest_of(copy), (copy / ARRAYS).read_bytes())
    assert len(load_model(copy).patterns.profiles_) == len(fitted.patterns.profiles_)


def test_features_that_mean_something_else_here_are_refused(copy):
    sign(copy, {**manifest_of(copy), "feature_fingerprint": "0" * 64})
    with pytest.raises(BundleError, match="mean something else"):
        load_model(copy)


def test_a_fingerprint_tells_names_order_and_meaning_apart(monkeypatch):
    before = feature_fingerprint(["plays", "titles"])
    assert before == feature_fingerprint(["plays", "titles"])
    assert before != feature_fingerprint(["titles", "plays"])
    assert before != feature_fingerprint(["plays"])
    from analyzer.features.catalog import CATALOG

    changed = CATALOG["plays"].__class__(
        **{f: getattr(CATALOG["plays"], f) for f in CATALOG["plays"].__slots__} | {"meaning": "Something else."}
    )
    monkeypatch.setitem(CATALOG, "plays", changed)
    assert before != feature_fingerprint(["plays", "titles"])


def test_a_changed_rulebook_is_refused(copy):
    manifest = manifest_of(copy)
    manifest["rulebook"]["rule"][0]["any_of"][0]["at_least"] = 400
    sign(copy, manifest)
    with pytest.raises(BundleError, match="rulebook does not match its hash"):
        load_model(copy)


def test_marks_are_not_believed_but_made_again(copy):
    assert "marks" not in manifest_of(copy)
    assert "marks" not in read_bundle(copy).arrays


class Payload:
    """An object whose unpickling creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def payloads(marker):
    """Yield what an attacker may put in the place of the arrays."""
    arrays = np.array([Payload(marker)], dtype=object)
    yield "object array", npz(mean=arrays)
    yield "pickle", pickle.dumps(Payload(marker))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mean", pickle.dumps(Payload(marker)))
    yield "pickle in a zip", buffer.getvalue()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mean.npy", pickle.dumps(Payload(marker)))
    yield "pickle called npy", buffer.getvalue()
    buffer = io.BytesIO()
    np.save(buffer, arrays, allow_pickle=True)
    yield "npy", buffer.getvalue()


def test_loading_never_executes_code(copy, tmp_path):
    marker = tmp_path / "executed"
    for name, data in payloads(marker):
        sign(copy, arrays=data)
        with pytest.raises(BundleError, match=ARRAYS):
            load_model(copy)
        assert not marker.exists(), name
    pickle.loads(pickle.dumps(Payload(marker)))  # noqa: S301 - the payload does work where something unpickles it
    assert marker.exists()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(copy, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(5):
            archive.writestr(f"bomb{part}.npy", b"\0" * 3_000_000)
    sign(copy, arrays=buffer.getvalue())
    monkeypatch.setattr(bundles, "_MOST_BYTES", 10_000_000)
    assert (copy / ARRAYS).stat().st_size < 100_000
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(BundleError, match="unpacks to more than"):
        load_model(copy)


def test_an_array_that_claims_to_be_huge_is_refused(copy):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mean.npy", header.getvalue())
    sign(copy, arrays=buffer.getvalue())
    with pytest.raises(BundleError, match="does not hold plain arrays"):
        load_model(copy)


def test_a_file_that_is_too_large_is_refused_unread(copy, monkeypatch):
    monkeypatch.setattr(bundles, "_MOST_BYTES", 1_000)
    with pytest.raises(BundleError, match="is larger than 1,000 bytes"):
        read_bundle(copy)


def broken_zips():
    good = npz(mean=np.zeros(1_000))
    yield "no zip", b"PK\x03\x04 not a zip"
    yield "empty", b""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mean.npy", np.random.default_rng(0).bytes(1_000))
    yield "noise", buffer.getvalue()
    deflated = io.BytesIO()
    np.savez_compressed(deflated, mean=np.arange(5_000))
    for at in range(60, 200, 7):
        changed = bytearray(deflated.getvalue())
        changed[at] ^= 0xFF
        yield f"damaged at {at}", bytes(changed)
    for at in range(0, len(good), 311):
        changed = bytearray(good)
        changed[at] ^= 0xFF
        yield f"stored, damaged at {at}", bytes(changed)
    for header in (b"{'descr': '<f8', 'shape': (", b"{'descr': '<f8'}", b"[" * 5_000, b"__import__('os').getcwd()"):
        member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("mean.npy", member)
        yield f"header {header[:30]!r}", buffer.getvalue()


@pytest.mark.parametrize(("name", "data"), list(broken_zips()), ids=lambda v: v if isinstance(v, str) else "")
def test_damaged_arrays_with_a_fresh_signature_are_refused_and_never_a_defect(copy, name, data):
    sign(copy, arrays=data)
    with pytest.raises(BundleError):
        load_model(copy)


@pytest.mark.parametrize(
    "place", ["../../../etc/passwd", "/etc/passwd", "..", "", "arrays.npz/../card.md", "other.bin"]
)
def test_the_list_of_files_cannot_lead_out_of_the_folder(copy, place, monkeypatch):
    manifest = manifest_of(copy)
    manifest["sha256"][place] = "0" * 64
    sign(copy, manifest)
    read = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read.append(self) or real(self))
    with pytest.raises(BundleError, match="does not list"):
        load_model(copy)
    assert read == [copy / MANIFEST]


@pytest.mark.parametrize("listed", [{}, [], None, "x", {ARRAYS: "0"}])
def test_a_manifest_that_covers_less_than_every_file_is_refused(copy, listed):
    manifest = {**manifest_of(copy), "sha256": listed}
    manifest.pop("digest")
    manifest["digest"] = bundles._sha256(bundles._canonical(manifest))
    (copy / MANIFEST).write_bytes(bundles._canonical(manifest))
    with pytest.raises(BundleError):
        load_model(copy)


def test_the_bytes_that_were_checked_are_the_bytes_that_are_used(copy, monkeypatch):
    """Each file is read once, so that nobody can change it between check and use."""
    read = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read.append(self.name) or real(self))
    load_model(copy)
    assert sorted(read) == sorted([MANIFEST, ARRAYS, CARD, CARD_VALUES])


def changed_arrays(copy, **changes):
    return npz(**{**read_bundle(copy).arrays, **changes})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mean", lambda a: np.where(np.arange(len(a)) == 0, np.nan, a)),
        ("scale", lambda a: np.where(np.arange(len(a)) == 0, np.inf, a)),
        ("centers", lambda a: np.where(a == a.max(), np.nan, a)),
        ("reach", lambda a: a * np.nan),
        ("mean", lambda a: a[:-1]),
        ("axes", lambda a: a.T),
        ("axes", lambda a: a[:, :-1]),
        ("centers", lambda a: a[:, 0]),
        ("centers", lambda a: a[:-1]),
        ("pattern", lambda a: a[:-1]),
        ("pattern", lambda a: a + 10_000),
        ("pattern", lambda a: a - 1),
        ("pattern", lambda a: a + 0.5),
        ("pattern", lambda a: a.astype(np.uint64)),
        ("reach", lambda a: a.astype(str)),
        ("reach", lambda a: a.astype(complex)),
        ("reach", lambda a: a.astype("datetime64[s]")),
        ("reach", lambda a: a > 0),
    ],
)
def test_arrays_with_null_wrong_shapes_or_wrong_types_are_refused(copy, name, change):
    sign(copy, arrays=changed_arrays(copy, **{name: change(read_bundle(copy).arrays[name])}))
    with pytest.raises(BundleError):
        load_model(copy)


def test_a_missing_array_is_refused(copy):
    arrays = dict(read_bundle(copy).arrays)
    arrays.pop("reach")
    sign(copy, arrays=npz(**arrays))
    with pytest.raises(BundleError, match="incomplete"):
        load_model(copy)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"import os",
        b'{"sha256": {}, "schema_version": 1, "x": NaN}',
        b'{"sha256": {}, "schema_version": 1, "x": "\\ud800"}',
        b'{"sha256": {}, "schema_version": ' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"sha256": {}, "schema_version": 1, "x": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"sha256": {}, "schema_version": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_a_manifest_that_is_no_manifest_is_refused(copy, text):
    (copy / MANIFEST).write_bytes(text)
    with pytest.raises(BundleError):
        load_model(copy)


HOSTILE = [None, [], {}, "x", -1, 10**30, 1.5, [[]], {"a": {"b": []}}, True, [None], [["x"], ["y"]]]
CHECKED = ["features", "parameters", "profiles", "everyone", "rulebook", "rulebook_hash", "window", "source", "k"]


@pytest.mark.parametrize("key", [*CHECKED, "feature_fingerprint", "named_features"])
@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_values_of_hostile_types_are_refused_or_harmless_and_never_a_defect(copy, fitted, key, value):
    sign(copy, {**manifest_of(copy), key: value})
    try:
        model = load_model(copy)
    except BundleError:
        return
    answer = classify(model, fitted.vectors.iloc[:20])
    pd.testing.assert_frame_equal(answer, classify(fitted.model, fitted.vectors).iloc[:20])


@pytest.mark.parametrize("key", [*CHECKED, "feature_fingerprint", "named_features"])
def test_a_manifest_without_a_key_is_refused(copy, key):
    manifest = manifest_of(copy)
    del manifest[key]
    sign(copy, manifest)
    with pytest.raises(BundleError):
        load_model(copy)


@pytest.mark.parametrize("features", [[["x"]] * 37, [{}] * 37, [None] * 37, [1] * 37])
@pytest.mark.parametrize("named", [True, False])
def test_feature_names_that_are_no_text_are_refused(copy, features, named):
    sign(copy, {**manifest_of(copy), "features": features, "named_features": named})
    with pytest.raises(BundleError):
        load_model(copy)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "P02"),
        ("id", "no pattern"),
        ("households", "many"),
        ("households", None),
        ("quantiles", {"title_plays_max": {"0.75": None}}),
        ("quantiles", {"title_plays_max": {"upper": 1.0}}),
        ("quantiles", []),
        ("contrasts", {"plays": [1]}),
        ("over_represented", [{"setting": "captions"}]),
        ("name", ["a"]),
        ("described", "perhaps"),
    ],
)
def test_a_profile_of_another_shape_is_refused(copy, key, value):
    manifest = manifest_of(copy)
    manifest["profiles"][0][key] = value
    sign(copy, manifest)
    with pytest.raises(BundleError):
        load_model(copy)


def test_a_profile_that_lost_a_quantile_is_withheld_and_not_open(copy, fitted):
    position = next(n for n, mark in enumerate(fitted.marks) if mark.status.value == "open")
    manifest = manifest_of(copy)
    del manifest["profiles"][position]["quantiles"][fitted.model.rulebook.rule[0].any_of[0].feature]
    sign(copy, manifest)
    assert load_model(copy).marks[position].status.value == "never_single_out"


def test_the_reference_model_loads():
    model = load_model()
    assert len(model.patterns.profiles_) > 5
    assert model.marks[-1].pattern_id == "no pattern"


def test_the_reference_model_carries_the_shipped_rulebook_and_every_feature():
    """Else whoever has too little data for a model would be judged by rules that were replaced."""
    model = load_model()
    assert model.rulebook.hash == load_rulebook().hash
    assert list(model.patterns.feature_names_in_) == [spec.name for spec in select()]


def test_a_bundle_tells_when_its_last_window_begins(saved, fitted):
    assert fitted.patterns.last_window_ is not None
    assert load_model(saved).patterns.last_window_ == fitted.patterns.last_window_
    assert f"the last one begins {fitted.patterns.last_window_.isoformat()}" in (saved / CARD).read_text()
