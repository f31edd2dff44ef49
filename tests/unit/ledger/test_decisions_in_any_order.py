"""Whatever people do in whatever order: no mark is milder than the rules', unless two people still stand by it."""

import sys
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from analyzer.errors import AnalyzerError
from analyzer.ledger.reviewed import Choice, Kind
from analyzer.ledger.store import memory_ledger

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import NEVER, OPEN, REVIEW, TODAY, WHY, fit, mark  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

PATTERNS = ("P01", "P02", "P03", "P04")
PEOPLE = st.sampled_from(["ana", "Ana.", "ben", "cora"])
MARKS = st.sampled_from([OPEN, REVIEW, NEVER])


def same(one, other):
    return one.strip(".").lower() == other.strip(".").lower()


class Reviewing(RuleBasedStateMachine):
    """Keeps a naive book beside the ledger: who tightened what, and who stands by which loosening until when."""

    @initialize()
    def begin(self):
        self.ledger, self.today, self.fits = memory_ledger(), TODAY, 0
        self.strictest = dict.fromkeys(PATTERNS, OPEN)
        self.loosened, self.carried = {name: [] for name in PATTERNS}, {name: [] for name in PATTERNS}
        self.refit(first=OPEN, second=REVIEW)

    @rule(first=MARKS, second=MARKS)
    def refit(self, first, second):
        self.fits += 1
        self.by_rules = {"P01": first, "P02": second, "P03": NEVER, "P04": NEVER}
        kept = (mark("P03", NEVER, absolute=True), mark("P04", NEVER, mildest=REVIEW))
        marks = (mark("P01", first), mark("P02", second), *kept)
        self.ledger.record_bundle(fit(str(self.fits), marks), today=self.today)
        for name in PATTERNS:  # what is loosened of a tightening goes on until its day
            going_on = [one for one in self.loosened[name] if self.today < one[1]]
            self.carried[name] = [*self.carried[name], *going_on]
        self.asked, self.loosened = {}, {name: [] for name in PATTERNS}

    @rule(days=st.integers(1, 20))
    def wait(self, days):
        self.today += timedelta(days=days)

    @rule(pattern=st.sampled_from(PATTERNS), who=PEOPLE, to=MARKS)
    def tighten(self, pattern, who, to):
        if self.done(Choice(pattern=pattern, kind=Kind.TIGHTEN, who=who, to=to, reason=WHY)):
            self.strictest[pattern] = max(self.strictest[pattern], to, key=lambda m: m.severity)
            for book in (self.loosened, self.carried):  # whoever loosened it before did not know of this
                book[pattern] = [(max(mark, to, key=lambda m: m.severity), end) for mark, end in book[pattern]]
            self.asked.pop(pattern, None)

    @rule(pattern=st.sampled_from(PATTERNS), who=PEOPLE)
    def confirm(self, pattern, who):
        assert self.done(Choice(pattern=pattern, kind=Kind.CONFIRM, who=who))

    @rule(pattern=st.sampled_from(PATTERNS), who=PEOPLE, to=MARKS, days=st.integers(-1, 30))
    def loosen(self, pattern, who, to, days):
        expires = self.today + timedelta(days=days)
        choice = Choice(pattern=pattern, kind=Kind.LOOSEN, who=who, to=to, reason=WHY, expires=expires)
        if made := self.done(choice):
            assert days > 0
            assert pattern != "P03"
            self.asked[pattern] = made

    @rule(pattern=st.sampled_from(PATTERNS), who=PEOPLE, kind=st.sampled_from([Kind.AGREE, Kind.DECLINE]))
    def answer(self, pattern, who, kind):
        asked = self.asked.get(pattern)
        about = asked.number if asked else 1
        if self.done(Choice(pattern=pattern, kind=kind, who=who, about=about, reason=WHY)):
            del self.asked[pattern]
            if kind is Kind.AGREE:
                assert not same(who, asked.who)
                self.loosened[pattern].append((asked.after, asked.expires))

    def done(self, choice):
        seen = self.ledger.pattern(choice.pattern, self.today).last
        try:
            return self.ledger.decide(choice, seen, self.today)
        except AnalyzerError:
            return None

    @invariant()
    def no_mark_is_milder_than_somebody_stands_by(self):
        for state in self.ledger.patterns(self.today) if hasattr(self, "ledger") else ():
            rules, strictest = self.by_rules[state.pattern], self.strictest[state.pattern]
            bound = max(rules, strictest, key=lambda m: m.severity)
            carried = [mark for mark, end in self.carried[state.pattern] if self.today < end]
            handed_on = max(rules, min([strictest, *carried], key=lambda m: m.severity), key=lambda m: m.severity)
            stand_by = [mark for mark, end in self.loosened[state.pattern] if self.today < end]
            mildest = min([handed_on, *stand_by], key=lambda m: m.severity)
            assert state.mark.severity >= mildest.severity
            assert state.pattern != "P03" or state.mark is NEVER
            assert state.pattern != "P04" or state.mark is not OPEN
            if not (stand_by or carried):
                assert state.mark.severity == bound.severity

    def teardown(self):
        if hasattr(self, "ledger"):
            assert self.ledger.audit.verify().good
            self.ledger.close()


TestReviewing = Reviewing.TestCase
TestReviewing.settings = settings(max_examples=30, stateful_step_count=25, deadline=None, derandomize=True)
