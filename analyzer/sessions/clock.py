"""Local time: how far a viewer's clock was from UTC when a session began.

Where the country has one clock, the country tells. Where it has several (United States, Brazil, Spain with
the Canary Islands) only the caller knows; without the caller's word the offset is null, and so are rhythm
features.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError, did_you_mean

_MICROS_PER_MINUTE: Final = 60_000_000
_Minutes = npt.NDArray[np.int32]


def utc_offset_minutes(started_at: pa.Array, country: pa.Array, timezone: str | None = None) -> pa.Array:
    """Return local time minus UTC, in minutes.

    Parameters
    ----------
    started_at : pyarrow.Array of timestamp[us, UTC]
        When each session began.
    country : pyarrow.Array of string or dictionary
        ISO 3166 two-letter code, or null.
    timezone : str, optional
        IANA name, e.g. ``Europe/Berlin``. Where given it holds for all rows, whatever their country.

    Returns
    -------
    pyarrow.Array of int32
        Minutes; null where the instant or the country is unknown or the country's clocks disagreed then.

    Raises
    ------
    InputError
        When `timezone` is no IANA name.
    """
    known = started_at.is_valid().to_numpy(zero_copy_only=False)
    micros = pc.fill_null(started_at.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    minutes = np.zeros(len(started_at), dtype=np.int32)
    if timezone is not None:
        minutes[:] = _offsets(micros, _checked(timezone))
        return pa.array(minutes, mask=~known)
    told = np.zeros(len(started_at), dtype=bool)
    codes = pc.utf8_upper(country.cast(pa.string()))
    for code in pc.unique(codes).drop_null().to_pylist():
        rows = np.flatnonzero(pc.fill_null(pc.equal(codes, code), False).to_numpy(zero_copy_only=False) & known)
        minutes[rows], told[rows] = _common_offsets(micros[rows], zones_of(code))
    return pa.array(minutes, mask=~told)


def _offsets(micros: npt.NDArray[np.int64], zone: str) -> _Minutes:
    instants = pd.DatetimeIndex(micros.astype("datetime64[us]")).tz_localize("UTC")
    local = instants.tz_convert(zone).tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    minutes: _Minutes = ((local - micros) // _MICROS_PER_MINUTE).astype(np.int32)
    return minutes


def _common_offsets(micros: npt.NDArray[np.int64], zones: tuple[str, ...]) -> tuple[_Minutes, npt.NDArray[np.bool_]]:
    """Return the offsets of the first zone and where all zones agree with it."""
    if not zones:
        return np.zeros(len(micros), dtype=np.int32), np.zeros(len(micros), dtype=bool)
    first = _offsets(micros, zones[0])
    agree = np.ones(len(micros), dtype=bool)
    for zone in zones[1:]:
        agree &= _offsets(micros, zone) == first
        if not agree.any():
            break
    return first, agree


@cache
def zones_by_country() -> dict[str, tuple[str, ...]]:
    """Return the IANA zones of each ISO 3166 country, from the installed time zone data."""
    found: dict[str, list[str]] = {}
    for line in resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found.setdefault(code, []).append(zone)
    return {code: tuple(zones) for code, zones in found.items()}


def zones_of(country: str) -> tuple[str, ...]:
    """Return the IANA zones of one country; empty for a code that is not known."""
    return zones_by_country().get(country, ())


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def _checked(timezone: str) -> str:
    if timezone not in _zone_names():
        hint = did_you_mean(timezone, sorted(_zone_names()))
        remedy = f"{hint} Give an IANA name such as Europe/Berlin or America/Chicago.".strip()
        raise InputError(f"{timezone!r} is no known time zone.", remedy)
    return timezone
