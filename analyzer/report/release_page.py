"""A release as a page for whoever prints its numbers: the table, and under it where every number comes from."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from analyzer.disclosure.released import CellStatus, Release

WORDS: Final = {
    CellStatus.RELEASED: "may be told",
    CellStatus.ROUNDED: "may be told, rounded",
    CellStatus.CODED: "may be told in these words",
    CellStatus.NOISED: "may be told, with noise",
    CellStatus.WITHHELD: "must not be told",
}


def render_release(release: Release) -> str:
    """Return the release as one self-contained HTML page, without script; every text is escaped."""
    return _template().render(release=release, words=WORDS, style=Markup(_read("report.css")))  # noqa: S704 - our file


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_read("release.html.j2"))


def _read(name: str) -> str:
    return (resources.files("analyzer.report") / name).read_text("utf-8")
