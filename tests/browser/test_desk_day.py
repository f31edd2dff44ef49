"""A reviewer's day, with nothing but a keyboard: with scripts and without, nothing is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

sys.path.insert(0, str(Path(__file__).parent))
from desk_house import PASSWORD, House, heard_on, opened_house

pytestmark = pytest.mark.browser

WHY = "Looked at with the researchers: it is close to a protected repetition."
OUTLINED = """e => getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2"""
ENDS = datetime.now(UTC).date() + timedelta(days=60)


class Hands:
    """Somebody who uses a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator) -> None:
        """Press Tab until something has the focus, and see that the focus is visible."""
        expect(target).to_have_count(1)
        for _ in range(150):
            if target.evaluate("e => e === document.activeElement"):
                assert target.evaluate(OUTLINED), "the focus cannot be seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached with Tab")

    def press(self, role: str, name: str) -> None:
        """Reach a link or a button and press Enter."""
        self.reach(self.page.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def follow(self, link: str, label: str) -> None:
        """Reach a link of the summary of errors, press Enter, and be in the field that it names."""
        self.reach(self.page.get_by_role("link", name=link, exact=True))
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_label(label, exact=True)).to_be_focused()

    def write(self, label: str, text: str) -> None:
        self.reach(self.page.get_by_label(label, exact=True))
        self.page.keyboard.insert_text(text)

    def choose(self, label: str) -> None:
        """Reach a group of answers and go through it with the arrow keys."""
        wanted = self.page.get_by_label(label, exact=True)
        name = wanted.get_attribute("name")
        group = self.page.locator(f"input[name={name}]")
        self.reach(group.first)
        self.page.keyboard.press("Space")
        for _ in range(group.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} cannot be chosen")

    def sign_in(self, name: str) -> None:
        self.page.goto("/")
        self.write("Name of your account", name)
        self.write("Password", PASSWORD)
        self.press("button", "Sign in")


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def hands(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Hands]:
    with opened_house(tmp_path) as house:
        context = _context(browser, house, scripts=request.param)
        page = context.new_page()
        heard = heard_on(page)
        yield Hands(page)
        context.close()
    assert [one for one in heard if "the server responded with a status of 4" not in one] == []


def _context(browser: Browser, house: House, *, scripts: bool):
    context = browser.new_context(base_url=house.url, java_script_enabled=scripts)
    context.set_default_timeout(10_000)
    return context


def test_a_reviewers_day(hands: Hands) -> None:
    page = hands.page
    hands.sign_in("Ana")
    expect(page).to_have_title("Queue – The desk")

    hands.press("link", "P14 One title on many days, many rewinds in one title, day after day")
    hands.press("button", "Confirm never single out")
    expect(page.get_by_role("alert")).to_have_text("Confirmed. The decision is in the audit trail.")
    expect(page.get_by_role("alert")).to_be_focused()

    _tightens_and_asks_to_loosen(hands)
    _answers_a_draft(hands)
    _checks_and_submits(hands)

    hands.press("link", "Audit trail")
    expect(page.get_by_role("listitem").filter(has_text="Ana: draft submitted, draft 4")).to_be_visible()
    hands.press("button", "Verify the trail")
    expect(page.get_by_role("heading", name="The trail is whole")).to_be_visible()
    hands.press("button", "Sign out")
    expect(page.get_by_role("alert")).to_have_text("You have signed out.")
    page.goto("/queue")
    expect(page).to_have_title("Sign in – The desk")

    _another_one_agrees(hands)


def _tightens_and_asks_to_loosen(hands: Hands) -> None:
    page = hands.page
    hands.press("link", "Queue")
    hands.press("link", "P03 Several plays in a sitting, many plays a day, in the evening")
    hands.choose("Tighten to review")
    hands.press("button", "Decide")
    expect(page).to_have_title("Error: P03 Several plays in a sitting, many plays a day, in the evening – The desk")
    expect(page.get_by_role("alert")).to_be_focused()
    hands.follow("Enter a reason that somebody can check later", "Reason")
    page.keyboard.insert_text(WHY)
    assert page.get_by_label("Tighten to review", exact=True).is_checked()
    hands.press("button", "Decide")
    expect(page.get_by_role("alert")).to_have_text("Tightened. The stricter mark holds from now on.")

    hands.choose("Ask to loosen to open")
    hands.write("Reason", WHY)
    for part, value in (("Day", ENDS.day), ("Month", ENDS.month), ("Year", ENDS.year)):
        hands.write(part, str(value))
    hands.press("button", "Decide")
    expect(page.get_by_role("alert")).to_contain_text("waits until another reviewer agrees")
    expect(page.get_by_label("Take your request back")).to_be_visible()
    expect(page.get_by_label("Agree to open")).to_have_count(0)


def _answers_a_draft(hands: Hands) -> None:
    page = hands.page
    hands.press("link", "Drafts")
    hands.press("link", "Night owls, this one is for you: thousands of you finished the series in one weekend.")
    hands.choose("Reject")
    hands.write("Reason", "It speaks to people about their nights; say it about the series instead.")
    hands.press("button", "Answer")
    expect(page.get_by_role("alert")).to_have_text("Rejected. Your reason is shown to the author.")
    expect(page.get_by_text("Ana: rejected.")).to_be_visible()


def _checks_and_submits(hands: Hands) -> None:
    page = hands.page
    hands.press("link", "Check a draft")
    hands.write("Draft", "To the 53 people who watched A Christmas Prince every day: who hurt you?")
    hands.press("button", "Check")
    expect(page.get_by_role("heading", name="Block: this may not be said.")).to_be_visible()
    expect(page.get_by_role("button", name="Submit for review")).to_have_count(0)
    hands.reach(page.get_by_label("Draft", exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("Most viewers finish the first season within a week.")
    hands.press("button", "Check")
    expect(page.get_by_role("heading", name="Allow: this may be said.")).to_be_visible()
    hands.press("button", "Submit for review")
    expect(page.get_by_role("alert")).to_contain_text("A reviewer who is not you will answer.")
    expect(page.get_by_label("Approve", exact=True)).to_have_count(0)


def _another_one_agrees(hands: Hands) -> None:
    hands.sign_in("Ben")
    hands.press("link", "P03 Several plays in a sitting, many plays a day, in the evening")
    hands.choose("Agree to open")
    hands.press("button", "Decide")
    expect(hands.page.get_by_role("alert")).to_contain_text("The milder mark holds from now on")


def test_the_skip_link_comes_first_and_leads_past_the_places(hands: Hands) -> None:
    hands.sign_in("Cleo")
    page = hands.page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Draft", exact=True)).to_be_focused()


def test_the_menu_of_a_narrow_screen_opens_and_closes_with_a_keyboard(hands: Hands) -> None:
    page = hands.page
    page.set_viewport_size({"width": 320, "height": 700})
    hands.sign_in("Ana")
    expect(page.get_by_role("link", name="Audit trail")).to_be_hidden()
    hands.reach(page.get_by_role("button", name="Menu"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Audit trail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Audit trail")).to_be_hidden()
    page.keyboard.press("Enter")
    hands.press("link", "Audit trail")
    expect(page).to_have_title("Audit trail – The desk")


def test_whoever_is_second_is_told_and_looks_again(browser: Browser, tmp_path: Path) -> None:
    with opened_house(tmp_path) as house:
        pages = []
        for name in ("Ana", "Ben"):
            context = _context(browser, house, scripts=True)
            context.add_cookies([{"name": "desk", "value": house.tokens[name], "url": house.url}])
            page = context.new_page()
            page.goto("/patterns/P05")
            page.get_by_label("Tighten to review").check()
            page.get_by_label("Reason").fill(WHY)
            pages.append(page)
        for page in pages:
            page.get_by_role("button", name="Decide").click()
        expect(pages[0].get_by_role("alert")).to_have_text("Tightened. The stricter mark holds from now on.")
        expect(pages[1].get_by_role("alert")).to_contain_text("Another decision on P05 came in meanwhile by Ana")
        expect(pages[1].get_by_role("alert")).to_contain_text("Nothing was decided by you.")
        expect(pages[1].get_by_label("Reason")).to_have_value(WHY)
        expect(pages[1].get_by_role("listitem").filter(has_text="Ana tightened it from open to review")).to_be_visible()
        for page in pages:
            page.context.close()


def test_somebody_changes_their_own_password_with_a_keyboard(hands: Hands) -> None:
    page, other = hands.page, "another evening with two films"
    hands.sign_in("Cleo")
    hands.press("link", "Your password")
    hands.press("button", "Change your password")
    expect(page).to_have_title("Error: Your password – The desk")
    expect(page.get_by_role("alert")).to_be_focused()
    hands.follow("Enter your old password", "Old password")
    page.keyboard.insert_text(PASSWORD)
    for label in ("New password", "The same password again"):
        hands.write(label, other)
    hands.press("button", "Change your password")
    expect(page.get_by_role("alert")).to_contain_text("Your password was changed")
    hands.press("button", "Sign out")
    hands.sign_in("Cleo")
    expect(page.get_by_role("alert")).to_contain_text("Name or password is not right")
    hands.write("Password", other)
    hands.press("button", "Sign in")
    expect(page).to_have_title("Check a draft – The desk")
