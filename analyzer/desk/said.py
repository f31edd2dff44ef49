"""What the desk says once something is done: fixed sentences, so that no request can put words on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SIGNED_OUT: Final = "signed-out"
DONE: Final[Mapping[str, str]] = {
    "confirmed": "Confirmed. The decision is in the audit trail.",
    "tightened": "Tightened. The stricter mark holds from now on.",
    "asked": "Your request waits until another reviewer agrees. The mark stays as it is.",
    "agreed": "Agreed. The milder mark holds from now on, until the day that it ends.",
    "declined": "Declined. The mark stays as it is.",
    "noted": "Your note is part of the discussion now.",
    "submitted": "Submitted. A reviewer who is not you will answer.",
    "approved": "Approved. The draft may be said as it stands, and in no other words.",
    "rejected": "Rejected. Your reason is shown to the author.",
    "taken-back": "Taken back. The draft may no longer be said; your reason is shown to the author.",
    "requested": "Asked for. A reviewer who is not you will answer.",
    "request-approved": "Approved. The release itself is made with the command that the page shows.",
    "request-rejected": "Rejected. Your reason is shown to whoever asked.",
    "request-taken-back": "Taken back. No release is made of it; your reason is shown to whoever asked.",
    SIGNED_OUT: "You have signed out.",
    "account-made": "The account was made.",
    "account-changed": "The account was changed.",
    "account-disabled": "The account was disabled, and its sign-ins have ended.",
    "account-enabled": "The account may sign in again.",
    "sign-ins-ended": "Every sign-in of the account has ended.",
    "password-set": "The password was set.",
    "own-password-set": "Your password was changed, and your other sign-ins have ended.",
    "client-ended": "The client’s token has ended.",
}
"""Sentences by the key that a redirect carries, with its proof; see `Ask.see`."""
