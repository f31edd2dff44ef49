"""Every door of the desk: this is the table of roles, and there is no other."""

from __future__ import annotations

from typing import Final

from analyzer.desk import sign_in
from analyzer.desk.api import doors as api
from analyzer.desk.doors import Door
from analyzer.desk.pages import (
    audit,
    drafts,
    help,
    own_password,
    patterns,
    people,
    queue,
    releases,
    requests,
    rulebooks,
    suggest,
)

ALL: Final[tuple[Door, ...]] = (
    *queue.DOORS,
    *patterns.DOORS,
    *drafts.DOORS,
    *suggest.DOORS,
    *releases.DOORS,
    *requests.DOORS,
    *rulebooks.DOORS,
    *audit.DOORS,
    *people.DOORS,
    *own_password.DOORS,
    *help.DOORS,
    *api.DOORS,
    *sign_in.DOORS,
)
