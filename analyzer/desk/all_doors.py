"""Every door of the desk: this is the table of roles, and there is no other."""

from __future__ import annotations

from typing import Final

from analyzer.desk import sign_in
from analyzer.desk.doors import Door
from analyzer.desk.pages import audit, drafts, help, patterns, people, queue, releases, rulebooks, suggest

ALL: Final[tuple[Door, ...]] = (
    *queue.DOORS,
    *patterns.DOORS,
    *drafts.DOORS,
    *suggest.DOORS,
    *releases.DOORS,
    *rulebooks.DOORS,
    *audit.DOORS,
    *people.DOORS,
    *help.DOORS,
    sign_in.SHOWN,
    sign_in.TRIED,
    sign_in.ENDED,
)
