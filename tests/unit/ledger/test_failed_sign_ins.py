"""What the ledger tells of failed sign-ins, on both databases."""

from __future__ import annotations

import pytest

from analyzer.errors import InputError
from analyzer.ledger.events import NOT_SIGNED_IN, What
from analyzer.ledger.likeness import as_compared
from analyzer.ledger.people import Role
from analyzer.ledger.reviewed import DecisionRefusedError

PASSWORD = "a quiet evening with one film"


@pytest.fixture
def ledger(place):
    opened = place.open()
    opened.add_account("Ana", Role.REVIEWER, PASSWORD)
    return opened


@pytest.mark.parametrize(
    ("compared", "seen_at", "item", "details"),
    [
        (as_compared("ANA"), "10.0.0.7", "account Ana", {"address": "10.0.0.7"}),
        (as_compared("Àna"), None, "account Ana", {}),
        (None, "2001:db8:1:2::/64", "sign-in", {"address": "2001:db8:1:2::/64"}),
        ("my password", "10.0.0.7", "sign-in", {"address": "10.0.0.7", "name": "a name that is no account's"}),
        (None, None, "sign-in", {}),
        ("", None, "sign-in", {"name": "a name that is no account's"}),
    ],
)
def test_an_account_is_named_and_what_is_none_is_not(ledger, compared, seen_at, item, details):
    ledger.tell_failed_sign_ins(7, 3, compared, seen_at)
    event = ledger.audit.events()[-1]
    assert (event.who, event.what, event.item) == (NOT_SIGNED_IN, What.SIGN_IN_FAILED, item)
    assert event.details == {"tries": 7, "within minutes": 3, **details}
    assert ledger.audit.verify().good


def test_an_account_that_is_disabled_is_named_as_well(ledger):
    ledger.disable("Ana")
    ledger.tell_failed_sign_ins(5, 1, as_compared("Ana"), "10.0.0.7")
    assert ledger.audit.events()[-1].item == "account Ana"


@pytest.mark.parametrize("name", ["not signed in", "Not Signed-In", "command line"])
def test_nobody_has_an_account_under_the_names_of_nobody(ledger, name):
    with pytest.raises((InputError, DecisionRefusedError), match="no person"):
        ledger.add_account(name, Role.REVIEWER, PASSWORD)
    with pytest.raises((InputError, DecisionRefusedError), match="no person"):
        ledger.add_client(name, Role.REVIEWER)
