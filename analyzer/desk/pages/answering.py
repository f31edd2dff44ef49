"""What becomes of an answer that the ledger does not take: the page is shown again, with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from analyzer.errors import InputError
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.reviewed import DecisionRefusedError

_MOVED: Final = "It is answered, and nothing was answered by you. Look at the answers below."


def refused(answer: Callable[[], object], again: Callable[..., Response]) -> Response | None:
    """Answer, and return the page that says why it was not taken; None where it was.

    Parameters
    ----------
    answer : callable
        Tells the ledger.
    again : callable
        Shows the page, given a status, errors by field, and perhaps a `problem` above them.
    """
    try:
        answer()
    except LedgerMovedError as error:
        return again(409, {}, problem=f"{error.cause} {_MOVED}")
    except (DecisionRefusedError, InputError) as error:
        field = "reason" if "reason" in error.cause else "answer"
        return again(422, {field: f"{error.cause} {error.remedy}"})
    return None
