"""The data that drafts are looked up in: opened when a claim first needs it, and closed with the check."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError
from analyzer.messages.about import About
from analyzer.messages.claim import Claim
from analyzer.messages.in_marks import HouseholdMarks, household_marks
from analyzer.messages.index import Index
from analyzer.messages.readings import describes_nobody
from analyzer.messages.titles import Catalogue
from analyzer.sessions.pieces import ReadOptions
from analyzer.sessions.pseudonym import load_key
from analyzer.workflow.message_index import is_index, ready
from analyzer.workflow.options import ExtractOptions, memory_bytes_of
from analyzer.workflow.progress import Progress

if TYPE_CHECKING:
    from analyzer.workflow.model import Model


@dataclass(frozen=True)
class Titles:
    """The titles of a service.

    Attributes
    ----------
    names : for whoever reads words.
    ids : name -> the ids that it stands for; empty where only names are known.
    """

    names: Catalogue
    ids: Mapping[str, tuple[str, ...]]

    @staticmethod
    def of(catalogue: Mapping[str, Iterable[str]] | Iterable[str] | None) -> Titles | None:
        """Return the titles of a catalogue as it may be given."""
        if catalogue is None:
            return None
        if isinstance(catalogue, str):
            raise InputError("The catalogue is one text.", "Give names of titles, or a mapping of names to ids.")
        if not isinstance(catalogue, Mapping):
            return Titles(Catalogue.of(list(catalogue)), {})
        ids = {str(name): _as_ids(told) for name, told in catalogue.items()}
        return Titles(Catalogue.of(ids), ids)

    @staticmethod
    def of_index(index: Index) -> Titles:
        """Return the titles of an index, by name and by series; what has no name is called by its id."""
        told = index.rows(
            "SELECT name FROM names UNION SELECT series_id FROM titles WHERE series_id IS NOT NULL"
            " UNION SELECT title_id FROM titles WHERE title NOT IN (SELECT title FROM names) ORDER BY ALL"
        )
        return Titles(Catalogue.of(name for (name,) in told), {})


def _as_ids(told: Iterable[str]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told)


@dataclass
class Data:
    """Sessions or an index of them, and how their households are marked.

    Attributes
    ----------
    sessions, index, model, key, memory, progress : see `workflow.messages.check_message`.
    """

    sessions: Any
    index: Any
    model: Model | None
    key: bytes | None
    memory: str
    progress: Progress
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)
    _opened: Index | None = field(default=None, init=False, repr=False)
    _marks: HouseholdMarks | None = field(default=None, init=False, repr=False)

    @staticmethod
    @contextmanager
    def opening(
        sessions: Any, index: Any, model: Model | None, *, key: bytes | None, memory: str, progress: Progress
    ) -> Iterator[Data]:
        """Yield data that is closed at the end, if anybody has opened it."""
        if index is None and isinstance(sessions, str | os.PathLike) and is_index(sessions):
            sessions, index = None, sessions
        if isinstance(index, str | os.PathLike) and not is_index(index):
            raise InputError(f"There is no index in {index}.", "Make one with `analyzer index SESSIONS --out FOLDER`.")
        with ExitStack() as stack:
            yield Data(sessions, index, model, key, memory, progress, stack)

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return self.sessions is not None or self.index is not None

    @property
    def lies_ready(self) -> bool:
        """Whether it can be asked without first reading all sessions."""
        return self.index is not None or self._opened is not None

    @property
    def about(self) -> About | None:
        """What it was made of; None where there is none, or nobody has opened it."""
        return self.needed().about if self.lies_ready else None

    def needed(self) -> Index:
        """Return the index, made now where only sessions were given.

        Raises
        ------
        InputError
            When there is no data, or it cannot be read.
        """
        if self._opened is None:
            if not self.given:
                raise InputError("There is no data to ask.", "Give sessions or an index of them.")
            self._opened = self._open()
        return self._opened

    def marks_for(self, claim: Claim) -> HouseholdMarks | None:
        """Return how all households are marked, where a claim describes some; None where nobody can know."""
        if self.model is None or self.sessions is None or describes_nobody(claim):
            return None
        if self._marks is None:
            from analyzer.workflow.message_marks import marks_of_households

            options = ExtractOptions(memory_bytes=memory_bytes_of(self.memory))
            told = marks_of_households(self.model, self.sessions, ReadOptions(), options, self.progress)
            self._marks = household_marks(self.needed(), told)
        return self._marks

    def _open(self) -> Index:
        if isinstance(self.index, str | os.PathLike):
            marked = self.model is not None and self.sessions is not None
            key = (self.key or load_key()) if marked else None
            return self._stack.enter_context(ready(self.index, key=key, memory=self.memory, progress=self.progress))
        if self.index is not None:
            if not isinstance(self.index, Index):
                raise InputError(f"The index is a {type(self.index).__name__}.", "Give its folder, or an open index.")
            return self.index
        return self._stack.enter_context(ready(self.sessions, key=self.key, memory=self.memory, progress=self.progress))
