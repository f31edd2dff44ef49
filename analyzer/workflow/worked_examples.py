"""Worked examples of handbooks and packages with their expected outcomes, judged by the functions that guard releases.

No example is known here by its name: its input goes through the checks, the attacker, the comparison of groups, the
rounding and the policy, and what they find is compared with what is expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import numpy as np

from analyzer.errors import InputError, did_you_mean
from analyzer.workflow import examples_attack, examples_cells, examples_numbers, examples_policy
from analyzer.workflow.examples_cells import Compared

_REFUSALS: Final = ("refuse", "refused", "error", "reject", "invalid")
_MOST_BYTES: Final = 50_000_000


class ExampleStatus(Enum):
    """How an example ended."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class Judged:
    """One example, judged.

    Attributes
    ----------
    example, kind : its id and kind.
    status : how it ended.
    compared : expectation -> expected, got, whether they agree.
    not_compared : expectations that are words, or not understood.
    because : why it was not understood; else empty.
    """

    example: str
    kind: str
    status: ExampleStatus
    compared: Compared
    not_compared: tuple[str, ...] = ()
    because: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the example as plain JSON values."""
        told = [
            {"expectation": name, "expected": wanted, "got": got, "agrees": agrees}
            for name, (wanted, got, agrees) in self.compared.items()
        ]
        return {
            "id": self.example,
            "kind": self.kind,
            "status": self.status.value,
            "compared": told,
            "not_compared": list(self.not_compared),
            "because": self.because,
        }


def examples_job(path: Path) -> dict[str, Any]:
    """Judge every example of a file and return plain values.

    Parameters
    ----------
    path : Path
        A JSON list of objects with `id`, `kind`, `input` and `expected`.

    Raises
    ------
    InputError
        When the file cannot be read, or is no such list.
    """
    judged = [judge(example) for example in load_examples(path)]
    agreeing = sum(one.status is ExampleStatus.AGREES for one in judged)
    return {
        "file": str(path),
        "examples": [one.as_json() for one in judged],
        "agree": agreeing,
        "differ": sum(one.status is ExampleStatus.DIFFERS for one in judged),
        "not_understood": sum(one.status is ExampleStatus.NOT_UNDERSTOOD for one in judged),
        "all_agree": agreeing == len(judged),
    }


def load_examples(path: Path) -> list[dict[str, Any]]:
    """Read worked examples; numbers keep the digits that they are printed with.

    Raises
    ------
    InputError
        With the place of what is wrong.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} is larger than {_MOST_BYTES:,} bytes.", "Judge its examples in parts.")
        told = json.loads(path.read_text("utf-8"), parse_float=Printed, parse_constant=_no_constant)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Give a JSON file of examples.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is no JSON: {error}.", "Give a JSON list of examples.") from error
    if isinstance(told, dict) and isinstance(told.get("cases", told.get("examples")), list):
        told = told.get("cases", told.get("examples"))
    if not isinstance(told, list) or not told:
        raise InputError(f"{path} holds no list of examples.", "Give a JSON list with one object an example.")
    for number, example in enumerate(told, start=1):
        _check(example, f"Example {number} of {path}")
    return told


class Printed(float):
    """A number that remembers how it was written: 0.950 says more than 0.95."""

    def __new__(cls, text: str) -> Printed:
        """Return the number that a text stands for."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __str__(self) -> str:
        return self.text


def judge(example: Mapping[str, Any]) -> Judged:
    """Judge one example; one that is not understood is no success."""
    name, kind = str(example["id"]), str(example["kind"])
    known = _KINDS.get(kind.casefold().strip())
    if known is None:
        return _lost(name, kind, f"There is no kind {kind!r}. {did_you_mean(kind, list(_KINDS))}".strip())
    given, expected = example["input"], example["expected"]
    try:
        compared = known(given, expected, str(example.get("source", "")))
    except InputError as error:
        refused = _refused(expected, error)
        if refused is None:
            return _lost(name, kind, str(error))
        compared = refused
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return _lost(name, kind, f"Its input is not of the form that is known ({type(error).__name__}: {error}).")
    compared = {name: (_json(told), _json(got), bool(agrees)) for name, (told, got, agrees) in compared.items()}
    rest = tuple(key for key in expected if key not in compared)
    if not any(key in compared for key in expected):
        return Judged(name, kind, ExampleStatus.NOT_UNDERSTOOD, compared, rest, "Nothing it expects is understood.")
    agrees = all(one[2] for one in compared.values())
    return Judged(name, kind, ExampleStatus.AGREES if agrees else ExampleStatus.DIFFERS, compared, rest)


def _refused(expected: Mapping[str, Any], error: InputError) -> Compared | None:
    """An input that must not be accepted is answered by the error that says so."""
    for name, value in expected.items():
        if name in ("decision", "error", "result") and str(value).casefold() in _REFUSALS:
            return {name: (value, f"refused: {error.cause}", True)}
    return None


def _lost(name: str, kind: str, because: str) -> Judged:
    return Judged(name, kind, ExampleStatus.NOT_UNDERSTOOD, {}, (), because)


def _json(value: Any) -> Any:
    """Return plain JSON values."""
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json(inner) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    return float(value) if isinstance(value, Printed) else value


def _check(example: object, where: str) -> None:
    if not isinstance(example, dict):
        raise InputError(f"{where} is no object.", "Give `id`, `kind`, `input` and `expected`.")
    missing = [name for name in ("id", "kind", "input", "expected") if name not in example]
    if missing:
        raise InputError(f"{where} has no {', '.join(missing)}.", "Give `id`, `kind`, `input` and `expected`.")
    for name in ("input", "expected"):
        if not isinstance(example[name], dict):
            raise InputError(f"{name} of {where[0].lower()}{where[1:]} is no object.", "Give names and values.")


def _no_constant(text: str) -> float:
    raise InputError(f"The file holds {text}, which is no number of JSON.", "Write numbers, or null.")


Judge = Callable[[Mapping[str, Any], Mapping[str, Any], str], Compared]


def _plain(judge_: Callable[[Mapping[str, Any], Mapping[str, Any]], Compared]) -> Judge:
    return lambda given, expected, _: judge_(given, expected)


_KINDS: Final[dict[str, Judge]] = {
    "primary": _plain(examples_cells.primary),
    "contributors": _plain(examples_cells.contributors),
    "dominance": _plain(examples_cells.dominance),
    "class": _plain(examples_cells.class_disclosure),
    "secondary": _plain(examples_attack.secondary),
    "audit": _plain(examples_attack.audited),
    "differencing": _plain(examples_numbers.differencing),
    "derived": _plain(examples_numbers.derived),
    "rounding": examples_numbers.rounding,
    "message": _plain(examples_policy.message),
    "engine": _plain(examples_policy.engine),
}
