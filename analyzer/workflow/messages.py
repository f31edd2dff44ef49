"""May this draft be said, and is it true: words first, then the policy, and data only where nothing forbids it.

A draft that its wording forbids is answered without a look at what anybody watched. Of the data nothing is told that
could not leave through the door: bands, steps, and of few households that they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from analyzer.disclosure.limits import Limits, limits_for
from analyzer.messages.alternatives import Fact, alternatives_to, facts_about, warm_words
from analyzer.messages.asked import NotAsked, asked_of, states_a_figure, told_apart
from analyzer.messages.audience import Audience, audience_of, titles_of, unasked_audience
from analyzer.messages.by_data import disclosure_reasons, is_few, marking_of, not_asked_reason, truth_reasons
from analyzer.messages.by_policy import Asker, Found, is_for_the_policy, subject_of
from analyzer.messages.checked import Checked, basis_words, data_words
from analyzer.messages.claim import BasisKind, Claim
from analyzer.messages.index import Index
from analyzer.messages.questions import Unasked
from analyzer.messages.readings import describes_nobody
from analyzer.messages.title_figures import TitleTotals, totals_of
from analyzer.messages.truth import truth_of
from analyzer.messages.verdict import Reason, Verdict, VerdictStatus, check_words, joined
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.policy.uses import Purpose
from analyzer.workflow.asking import purpose_of
from analyzer.workflow.message_data import Data, Titles
from analyzer.workflow.message_sources import Released, ledger_of
from analyzer.workflow.progress import SILENT, Progress

if TYPE_CHECKING:
    from analyzer.workflow.model import Model

PUBLIC: Final = Purpose.PUBLIC_MESSAGE.value


def check_message(
    text: str,
    *,
    sessions: Any = None,
    model: Model | None = None,
    index: Any = None,
    rulebook: Rulebook | None = None,
    catalogue: Mapping[str, Iterable[str]] | Iterable[str] | None = None,
    ledger: Any = None,
    purpose: Purpose | str = PUBLIC,
    to_one_user: bool = False,
    overrides: Iterable[Override] = (),
    today: date | None = None,
    key: bytes | None = None,
    instead: bool = True,
    progress: Progress | None = None,
) -> Verdict:
    """Judge a draft: may it be said, is it true, and what may be said instead.

    The worst of all reasons wins: of its wording and tone, of the policy, of the checks of numbers, of the truth of its
    figures. A draft that its wording forbids is not looked up. Without data the verdict rests on words only; then it
    allows what tells nothing about people, and large aggregates whose figures name their source.

    Parameters
    ----------
    text : str
        The draft; any text.
    sessions : Sessions, or anything that `read_sessions` reads, optional
        To look claims up in. Without an `index` they are made ready first, which takes as long as reading them does.
    model : Model, optional
        From `load_model`: tells how the households of a claim are marked; needs `sessions`.
    index : path or Index, optional
        Sessions that `analyzer index` made ready: claims are answered at once.
    rulebook : Rulebook, optional
        The model's by default, else the shipped one.
    catalogue : mapping of name to ids, or names, optional
        The titles of the service, whose words are then names. By default those of the index.
    ledger : path, URL or Ledger, optional
        What was released before: a figure that left as a release has its source there. With a `model` also what people
        decided on it: its marks in force hold.
    purpose : Purpose or str
        What the draft is for, such as "press"; see the words of a rulebook.
    to_one_user : bool
        Whether it goes to one user alone, as a notification does.
    overrides : iterable of Override
        What two people decided on rules that allow it.
    today : date, optional
        The day on which is asked; today by default.
    key : bytes, optional
        What the index's households were hashed with; needed only beside `model`. By default as `load_key`.
    instead : bool
        Whether to look for sentences that may be said instead.
    progress : Progress, optional
        Told how far it is where sessions have to be made ready.

    Returns
    -------
    Verdict
        With reasons on the words of the draft, purpose, data set, window, rulebook hash and bundle fingerprint.

    Raises
    ------
    InputError
        When sessions, index, catalogue or ledger cannot be read, or the purpose is unknown.
    """
    asking = Asking(
        sessions=sessions, model=model, index=index, rulebook=rulebook, catalogue=catalogue, ledger=ledger,
        purpose=purpose, overrides=tuple(overrides), today=today, key=key,
    )  # fmt: skip
    with checker(asking, progress or SILENT) as made:
        return made.check(text, to_one_user=to_one_user, instead=instead)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What drafts are judged by; see `check_message`."""

    sessions: Any = None
    model: Model | None = None
    index: Any = None
    rulebook: Rulebook | None = None
    catalogue: Mapping[str, Iterable[str]] | Iterable[str] | None = None
    ledger: Any = None
    purpose: Purpose | str = PUBLIC
    overrides: tuple[Override, ...] = ()
    today: date | None = None
    key: bytes | None = None
    memory: str = "2GB"


@contextmanager
def checker(asking: Asking, progress: Progress = SILENT) -> Iterator[Checker]:
    """Yield what judges drafts, one or many; data is opened when a draft first needs it, and closed at the end."""
    purpose = purpose_of(asking.purpose)
    model = asking.model
    book = asking.rulebook or (model.rulebook if model is not None else load_rulebook())
    if model is not None and model.rulebook.hash != book.hash:
        model = model.under(book)
    asker = Asker(book, purpose, asking.overrides, asking.today or date.today())  # noqa: DTZ011 - the user's own day
    ledger = None if asking.ledger is None else ledger_of(asking.ledger)
    if model is not None and ledger is not None:
        from analyzer.workflow.in_force import in_force  # a draft without a model does not wait for scikit-learn

        model = in_force(model, ledger, asking.today)
    released = Released.of(ledger, purpose.value)
    unnamed = asking.catalogue is None and asking.sessions is None and asking.index is None
    titles = Titles.of(released.names or None if unnamed else asking.catalogue)
    with Data.opening(
        asking.sessions, asking.index, model, key=asking.key, memory=asking.memory, progress=progress
    ) as data:
        yield Checker(asker, limits_for(purpose.value), data, released, titles, model)


@dataclass
class Checker:
    """Judges drafts.

    Attributes
    ----------
    asker : on whose word the policy answers.
    limits : of the purpose.
    data : opened when it is first needed.
    released : what left before for the same purpose.
    titles : the catalogue; None where none was given.
    model : tells how households are marked.
    """

    asker: Asker
    limits: Limits
    data: Data
    released: Released
    titles: Titles | None = None
    model: Model | None = None
    _by_index: Titles | None = field(default=None, init=False, repr=False)

    def check(self, text: str, *, to_one_user: bool = False, instead: bool = True) -> Checked:
        """Return the verdict on one draft; with sentences that may be said instead where it may not."""
        checked = self._judged(text, to_one_user)
        if not instead or checked.status is VerdictStatus.ALLOW:
            return checked
        return replace(checked, instead=self._instead_of(checked.parsed.claims))

    def facts_about(self, title: str) -> tuple[Fact, ...]:
        """Return what may be said about a title today, each sentence judged by this check.

        Raises
        ------
        InputError
            When there is no data.
        """
        return facts_about(title, self.data.needed(), self.may_be_said, self.limits, self._ids())

    def may_be_said(self, sentence: str) -> bool:
        """Return whether this check allows a sentence."""
        return self._judged(sentence, to_one_user=False).status is VerdictStatus.ALLOW

    def _judged(self, text: str, to_one_user: bool) -> Checked:
        if self.data.lies_ready:  # the names of its titles are no viewing, and words need them
            self._read_names()
        reasons, worded = self._by_words(text, to_one_user)
        forbidden = VerdictStatus.BLOCK in [worded.status, *(reason.status for reason in reasons)]
        looked_up = not forbidden and self.data.given and any(_is_asked(claim) for claim in worded.parsed.claims)
        if looked_up:
            if self._read_names():
                reasons, worded = self._by_words(text, to_one_user)
            reasons += [r for claim in told_apart(worded.parsed.claims) for r in self._by_data(claim, text)]
        elif not forbidden:
            reasons += [r for claim in worded.parsed.claims for r in self._without_data(claim)]
        about = self.data.about
        basis = basis_words(about, looked_up=looked_up, forbidden=forbidden)
        return Checked.of(
            joined(replace(worded, reasons=merged(worded.reasons)), merged(reasons), basis, self.asker.rulebook.hash),
            purpose=self.asker.purpose.value,
            data=data_words(about),
            looked_up=looked_up,
            bundle=self.model.digest if self.model is not None else "",
            marks=self._marks(),
            in_force=self.model.in_force if self.model is not None else "",
        )

    def _marks(self) -> tuple[str, ...]:
        """Return on which decisions the model's marks stand, where a ledger was asked.

        Whoever may check a draft need not be somebody who may read who decided, and why: that is for reviewers.
        """
        if self.model is None or not self.model.decided:
            return ()
        from analyzer.workflow.in_force import without_names

        return (self.model.decided, *(told for mark in self.model.marks for told in without_names(mark)))

    def _by_words(self, text: str, to_one_user: bool) -> tuple[list[Reason], Verdict]:
        """Return what the policy and a draft's own basis say, and the verdict by words; no data is looked at."""
        titles = self.titles or self._by_index
        worded = check_words(text, titles.names if titles else None, to_one_user=to_one_user)
        claims = worded.parsed.claims
        reasons = [reason for claim in claims for reason in self.asker.reasons(claim)]
        surveys = [claim for claim in claims if claim.basis.kind is BasisKind.SURVEY and states_a_figure(claim)]
        for claim in surveys:
            reasons += truth_reasons(claim, truth_of(claim, None, self.limits), with_data=False)
        return reasons, worded

    def _without_data(self, claim: Claim) -> tuple[Reason, ...]:
        """Return what is said of a figure that nobody looked up: one without any source is for a person to decide."""
        if not _is_asked(claim) or claim.basis.kind is BasisKind.SURVEY:
            return ()
        traced = self.released.source_of(claim, self.limits)
        if traced is not None:
            return (traced,)
        return truth_reasons(claim, truth_of(claim, None, self.limits), with_data=False)

    def _by_data(self, claim: Claim, text: str) -> list[Reason]:
        """Return what the data says of a claim, and the policy once more, with what the data knows."""
        if not _is_asked(claim):
            return []
        index = self.data.needed()
        ids = self._ids()
        titles = self.titles or self._by_index
        asked = asked_of(claim, text, index.about, titles.names.names.values() if titles else ())
        if isinstance(asked, NotAsked):
            audience = unasked_audience(claim, index, asked.unasked, asked.why)
            told = [not_asked_reason(asked.why, asked.spans, asked.unasked)] if states_a_figure(claim) else []
            return [*disclosure_reasons(claim, audience, None, self.limits), *told]
        audience = audience_of(asked, index, ids, self.data.marks_for(asked))
        reasons: list[Reason] = []
        if audience.figures and audience.households is not None and not is_few(audience, self.limits):
            marking = marking_of(asked, audience, self.asker.rulebook) if _tells_apart(asked) else None
            mark = marking.mark if marking else None
            reasons += self.asker.reasons(asked, Found(audience.households, audience.largest_share, mark))
            reasons += marking.reasons if marking else ()
        if audience.unasked is not Unasked.NOT_VIEWING:
            reasons += disclosure_reasons(asked, audience, self._totals(asked, audience, index), self.limits)
        traced = self.released.source_of(claim, self.limits) if audience.unasked is not None else None
        truth = truth_of(asked, audience, self.limits)
        return [*reasons, *((traced,) if traced else truth_reasons(asked, truth, with_data=True))]

    def _totals(self, claim: Claim, audience: Audience, index: Index) -> TitleTotals | None:
        """Return the totals behind a figure of titles; None where it is of households."""
        if not audience.figures or not describes_nobody(claim) or audience.unasked is not None:
            return None
        about = index.about
        return totals_of(index, titles_of(claim, index, self._ids()), about.first_day, about.last_day)

    def _instead_of(self, claims: tuple[Claim, ...]) -> tuple[Fact, ...]:
        if not self.data.given:
            return warm_words(claims, self.may_be_said)
        index = self.data.needed()
        self._read_names()
        return alternatives_to(claims, index, self.may_be_said, self.limits, self._ids())

    def _ids(self) -> Mapping[str, tuple[str, ...]] | None:
        return self.titles.ids if self.titles else None

    def _read_names(self) -> bool:
        """Read how the index calls its titles, where no catalogue was given; return whether there is one now."""
        if self.titles is not None or self._by_index is not None:
            return False
        self._by_index = Titles.of_index(self.data.needed())
        return True


def merged(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return reasons that say the same about several claims as one, about all their words."""
    found: dict[tuple[object, ...], Reason] = {}
    for reason in reasons:
        name = (reason.rule_id, reason.status, reason.because, reason.layer)
        known = found.get(name)
        spans = (*(known.spans if known else ()), *reason.spans)
        found[name] = replace(reason, spans=tuple(dict.fromkeys(spans)))
    return tuple(found.values())


def _is_asked(claim: Claim) -> bool:
    """Whether data is asked: not about greetings, nor what readers are told of themselves, nor people who agreed."""
    return is_for_the_policy(claim)


def _tells_apart(claim: Claim) -> bool:
    """Whether the people of a claim are a group of their own, so that it matters how they are marked."""
    return subject_of(claim).has_profile
