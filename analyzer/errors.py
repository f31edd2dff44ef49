"""What can go wrong, said so that a person can act on it.

Every error that a user can cause is one of these. Each names its cause (what is wrong and where), a remedy
(what is allowed and what to do) and the exit code that the command line ends with. Anything else that is
raised is a defect of this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    FAILURE = 1
    BAD_INPUT = 2
    WITHHELD = 3
    REVIEW = 4


class AnalyzerError(Exception):
    """A failure with a cause and a remedy.

    Parameters
    ----------
    cause : str
        What is wrong, and where.
    remedy : str
        What is allowed, or what to do next. May be empty.
    """

    exit_code: ExitCode = ExitCode.FAILURE

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(f"{cause} {remedy}".strip())
        self.cause = cause
        self.remedy = remedy


class InputError(AnalyzerError, ValueError):
    """The data or a setting given by the user cannot be used."""

    exit_code = ExitCode.BAD_INPUT


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a rulebook.

    Attributes
    ----------
    line : in the file, from 1; None where the rulebook is not read from text.
    place : which part, such as "rule `one-title-over-days` > any_of > 2".
    cause, remedy : what is wrong, and what is allowed.
    """

    line: int | None
    place: str
    cause: str
    remedy: str = ""

    def sentence(self) -> str:
        """Return the mistake in words: where, what, and what to do."""
        where = self.place if self.line is None else f"line {self.line}, {self.place}"
        return f"{where}: {self.cause} {self.remedy}".rstrip()


class RulebookError(AnalyzerError, ValueError):
    """The rulebook is malformed. This is never the same as a rulebook that says no.

    Parameters
    ----------
    cause, remedy : str
        As of every error; the cause names each mistake.
    mistakes : tuple of Mistake
        All that was found, in the order of the file; empty where no file could be read.
    """

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, cause: str, remedy: str = "", mistakes: tuple[Mistake, ...] = ()) -> None:
        super().__init__(cause, remedy)
        self.mistakes = mistakes


class BundleError(AnalyzerError, ValueError):
    """A bundle on disk is damaged, foreign or newer than this package."""

    exit_code = ExitCode.BAD_INPUT


class OutputError(AnalyzerError, OSError):
    """Results could not be written; nothing partial was left behind."""

    exit_code = ExitCode.FAILURE


def did_you_mean(word: str, known: list[str]) -> str:
    """Return a sentence that names the known word nearest to `word`, or an empty string."""
    near = get_close_matches(word.casefold(), [name.casefold() for name in known], n=1, cutoff=0.5)
    if not near:
        return ""
    match = next(name for name in known if name.casefold() == near[0])
    return f"Did you mean {match!r}?"
