"""A bundle is a folder with a manifest, arrays and a card: data that is checked before it is believed.

Loading executes nothing: JSON and plain numeric arrays only. Every byte is covered by a SHA-256, sizes are bounded
before anything is unpacked, and a bundle of a newer schema, or made for other features, is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analyzer.errors import BundleError
from analyzer.features.catalog import CATALOG, select

SCHEMA_VERSION: Final = 2
MANIFEST: Final = "manifest.json"
ARRAYS: Final = "arrays.npz"
CARD: Final = "card.md"
CARD_VALUES: Final = "card.json"
_MOST_BYTES: Final = 256 * 1024 * 1024
_AGAIN: Final = "Fit the model again, or fetch the bundle again from where it came."

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds: the manifest as plain JSON values, and named arrays."""

    manifest: dict[str, Any]
    arrays: Arrays


def write_bundle(
    folder: Path, manifest: dict[str, Any], arrays: Arrays, card: str, card_values: dict[str, Any]
) -> None:
    """Write a bundle into an existing empty folder; the card is for people, `card_values` the same for programs."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    files = {ARRAYS: buffer.getvalue(), CARD: card.encode(), CARD_VALUES: _canonical(card_values)}
    complete = {
        **manifest,
        "schema_version": SCHEMA_VERSION,
        "sha256": {name: _sha256(data) for name, data in files.items()},
    }
    complete["digest"] = _sha256(_canonical(complete))
    for name, data in {**files, MANIFEST: _canonical(complete)}.items():
        (folder / name).write_bytes(data)


def read_bundle(folder: Path) -> Bundle:
    """Read and check a bundle.

    Raises
    ------
    BundleError
        When a file is missing or changed, the schema is newer, or an array is not plain numbers.
    """
    manifest = _read_manifest(folder)
    files = {name: _read(folder, name) for name in (ARRAYS, CARD, CARD_VALUES)}
    for name, data in files.items():
        if _sha256(data) != manifest["sha256"][name]:
            raise BundleError(f"{folder / name} was changed after it was written.", _AGAIN)
    return Bundle(manifest, _arrays_in(files[ARRAYS], folder / ARRAYS))


def feature_fingerprint(names: list[str]) -> str:
    """Return a SHA-256 of what the features mean; another definition gives another fingerprint."""
    select()
    known = {name: CATALOG[name] for name in names if name in CATALOG}
    told = [(n, known[n].unit, known[n].meaning, known[n].transform) if n in known else (n,) for n in names]
    return _sha256(json.dumps(told).encode())


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise BundleError(f"There is no bundle at {folder}.", "Give the folder that holds manifest.json.")
    raw = _read(folder, MANIFEST)
    try:
        manifest = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{folder / MANIFEST} is not JSON.", _AGAIN) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), dict):
        raise BundleError(f"{folder / MANIFEST} is not the manifest of a bundle.", _AGAIN)
    version = manifest.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        older = type(version) is int and version < SCHEMA_VERSION
        raise BundleError(
            f"The bundle {folder} has schema version {version!r}; this package reads {SCHEMA_VERSION}.",
            "Fit the model again with this version." if older else "Upgrade the package, or fit the model again.",
        )
    if not _is_whole(manifest, raw):
        raise BundleError(f"{folder / MANIFEST} was changed after it was written.", _AGAIN)
    if set(manifest["sha256"]) != {ARRAYS, CARD, CARD_VALUES}:
        raise BundleError(f"{folder / MANIFEST} does not list {ARRAYS}, {CARD} and {CARD_VALUES}.", _AGAIN)
    return manifest


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_whole(manifest: dict[str, Any], raw: bytes) -> bool:
    unsigned = {key: value for key, value in manifest.items() if key != "digest"}
    try:
        return bool(manifest.get("digest") == _sha256(_canonical(unsigned)) and raw == _canonical(manifest))
    except (ValueError, RecursionError):  # lone surrogates, or deeper than anything that we write
        return False


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if path.exists() and not path.is_file():
            raise BundleError(f"{path} is not a file.", _AGAIN)
        if path.stat().st_size > _MOST_BYTES:
            raise BundleError(f"{path} is larger than {_MOST_BYTES:,} bytes.", _AGAIN)
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.", _AGAIN) from error


def _arrays_in(data: bytes, path: Path) -> Arrays:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked <= _MOST_BYTES:
            with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
                arrays = {name: np.asarray(loaded[name]) for name in loaded.files}
    except Exception as error:
        raise BundleError(f"{path} does not hold plain arrays.", _AGAIN) from error
    if unpacked > _MOST_BYTES:
        raise BundleError(f"{path} unpacks to more than {_MOST_BYTES:,} bytes.", _AGAIN)
    if any(array.dtype.kind not in "iuf" for array in arrays.values()):
        raise BundleError(f"{path} holds something other than numbers.", _AGAIN)
    return arrays


def _canonical(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
