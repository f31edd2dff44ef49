"""Which account a member's export belongs to, told from where its files lie, and who its viewers are.

The files name profiles but no account, and "Profile 1" of two households are two viewers. So the account is
read from the folder and from what people add to the file's name.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from analyzer.sessions.pseudonym import Pseudonymiser

_OWN_FILES: Final = re.compile(r"netflix ?viewing ?history|viewing ?activity|playback ?related ?events", re.I)
_OWN_FOLDERS: Final = re.compile(r"content_interaction|netflix-report", re.I)
# "ViewingActivity (1)", "ViewingActivity - Copy", "Kopie von ...": marks that systems put on further copies.
_COPY: Final = re.compile(
    r"[ _-]*\(\d+\)$|(?:[ _-]+)(?:copy|kopie|copie|copia|cópia|kopia)(?: ?\(?\d+\)?)?$"
    r"|^(?:copy of|kopie von|copie de|copia de|copia di|cópia de)[ _]+",
    re.I,
)
_COUNTED: Final = re.compile(r"^[ _-]+\d{1,2}$")
_EDGE: Final = " \t._-"


@dataclass(frozen=True, slots=True)
class _Place:
    """Folders from the outermost in, and what remains of the file's name."""

    folders: tuple[str, ...]
    rest: str

    def label(self, depth: int) -> str:
        folder = "/".join(self.folders[-depth:])
        return ": ".join(part for part in (folder, self.rest) if part) or "account"


def account_of(paths: Sequence[Path]) -> dict[Path, str]:
    """Return an account label for each file of a member's export.

    The label is the folder's name, without the folders that Netflix itself makes, and what the file's name
    holds besides Netflix's own words and marks of copies. Files of one folder with equal labels are one
    account; where files of different folders would share a label, folders further out are put before it until
    they differ.

    Parameters
    ----------
    paths : sequence of Path
        All files that are read together; a label may depend on its neighbours.

    Returns
    -------
    dict of Path to str
        The label of each path.
    """
    places = {path: _place(path) for path in paths}
    depths = dict.fromkeys(places.values(), 1)
    for _ in range(max((len(place.folders) for place in depths), default=0)):
        shared = _shared_labels(depths)
        if not shared:
            break
        for place in shared:
            depths[place] += 1
    return {path: place.label(depths[place]) for path, place in places.items()}


def _shared_labels(depths: dict[_Place, int]) -> list[_Place]:
    by_label: dict[str, list[_Place]] = defaultdict(list)
    for place, depth in depths.items():
        by_label[place.label(depth)].append(place)
    return [place for group in by_label.values() if len(group) > 1 for place in group]


def _place(path: Path) -> _Place:
    # Not resolved: a link to a shared store must not change whose export it is.
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100
    names = [_composed(name) for name in folder.parts[1:]]
    while names and _OWN_FOLDERS.fullmatch(_without_copy_marks(names[-1])):
        names.pop()
    return _Place(tuple(names), _rest(_composed(path.stem)))


def _rest(stem: str) -> str:
    stem = _without_copy_marks(stem)
    own = _OWN_FILES.search(stem)
    if own is None:
        return stem.strip(_EDGE)
    before, after = stem[: own.start()], stem[own.end() :]
    # A number right behind Netflix's word counts downloads; one before it ("home-2-ViewingActivity") names.
    after = "" if _COUNTED.fullmatch(after) else _without_copy_marks(after)
    return "-".join(part for part in (before.strip(_EDGE), after.strip(_EDGE)) if part)


def _without_copy_marks(text: str) -> str:
    while (shorter := _COPY.sub("", text)) != text:
        text = shorter
    return text


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def people(profile: pa.Array, account: str, pseudonymiser: Pseudonymiser | None) -> dict[str, pa.Array]:
    """Return viewers and their household; a profile without a name is null, for the door to quarantine.

    Parameters
    ----------
    profile : pyarrow.Array of string
        Names of profiles, one a row.
    account : str
        Label of the account, see `account_of`.
    pseudonymiser : Pseudonymiser or None
        None for plain names: the viewer is then ``account/profile``.

    Returns
    -------
    dict
        ``viewer_id`` and ``household_id``, as long as `profile`.
    """
    coded = profile.dictionary_encode()
    names = coded.dictionary.to_pylist()
    if pseudonymiser is None:
        viewers, household = [f"{account}/{name}" for name in names], account
    else:
        viewers = [pseudonymiser.viewer(account, name) for name in names]
        household = pseudonymiser.household(account)
    return {
        "viewer_id": pa.array(viewers, pa.string()).take(coded.indices),
        "household_id": pa.array([household], pa.string()).take(pa.array([0] * len(profile), pa.int8())),
    }
