"""Names of countries as drafts write them; what is no country is a smaller place."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

_OTHERWISE: Final = {
    "uk": "GB", "u.k.": "GB", "united kingdom": "GB", "great britain": "GB", "usa": "US", "u.s.": "US", "us": "US",
    "america": "US", "united states of america": "US", "czechia": "CZ", "holland": "NL",
    "deutschland": "DE", "österreich": "AT", "schweiz": "CH", "großbritannien": "GB", "frankreich": "FR",
    "spanien": "ES", "allemagne": "DE", "france": "FR", "espagne": "ES", "royaume-uni": "GB", "suisse": "CH",
    "españa": "ES", "alemania": "DE", "francia": "FR", "reino unido": "GB", "méxico": "MX", "türkiye": "TR",
}  # fmt: skip


def country_of(place: str) -> str | None:
    """Return the ISO 3166 code of a country that is named, or None where the place is no country."""
    plain = " ".join(place.casefold().split()).removeprefix("the ")
    return _countries().get(plain)


@cache
def _countries() -> dict[str, str]:
    """Return codes by name, from the table of the installed time zone data."""
    found = dict(_OTHERWISE)
    for line in resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            code, name = line.split("\t")
            found[name.casefold()] = code
            found.setdefault(name.split(" (")[0].casefold(), code)
    return found
