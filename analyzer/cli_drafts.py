"""What the commands about messages say to a person: the verdict first, then the draft with its words underlined."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from analyzer.cli_text import tally
from analyzer.errors import InputError

_WIDEST: Final = 100
_HEADS: Final = {
    "block": "BLOCK: this may not be said.",
    "review": "REVIEW: a person decides whether this may be said.",
    "allow": "ALLOW: this may be said.",
}
_MOST_WORDS: Final = 60
_MOST_SPANS: Final = 6
_INDENT: Final = "  "
_LINES_OF_A_DRAFT: Final = 24


def one(told: dict[str, Any]) -> str:
    """Return a verdict: what, on which words, why, what instead, and what it rests on."""
    status = told["verdict"]
    deciding = [reason for reason in told["reasons"] if reason["status"] == status]
    noted = [reason for reason in told["reasons"] if reason["status"] != status and reason["status"] != "allow"]
    spans = [span for reason in deciding for span in reason["spans"]] if status != "allow" else []
    parts = [_HEADS[status], "\n".join(underlined(told["text"], spans))]
    parts += [_listed("Why", deciding)] if deciding else []
    parts += [_listed("Also", noted)] if noted else []
    parts += [_instead(told["instead"])] if told["instead"] else []
    if status != "allow" and not told["instead"]:
        parts.append("No sentence that may be said instead was found.")
    return "\n\n".join([*parts, _rests_on(told)])


def many(result: dict[str, Any]) -> str:
    """Return the verdicts of many drafts: those that may not be said in full, the others in a line."""
    lines = []
    for told in result["drafts"]:
        if told["verdict"] == "allow":
            lines.append(f"{told['id']}  {_HEADS['allow']}")
        else:
            lines.append(f"{told['id']}  {one(told)}\n")
    counts = ", ".join(f"{count} {status}" for status, count in reversed(result["counts"].items()))
    return "\n".join([*lines, f"{len(result['drafts'])} drafts: {counts}."])


def indexed(result: dict[str, Any]) -> str:
    """Return what was made ready and where it is."""
    return "\n".join(
        [
            tally(result["tally"]),
            *[f"Note: {note}" for note in result["notes"]],
            f"{result['titles']:,} titles, {result['window']}; {result['size_bytes'] / 1e6:,.1f} MB.",
            f"Index: {result['outputs']['index']}",
            "It says what each household watched and belongs where sessions belong; only its owner can read it.",
        ]
    )


def suggested(result: dict[str, Any]) -> str:
    """Return what may be said about a title."""
    if not result["known"]:
        return f"The data knows no title called {shown(result['title'])!r}. {result['hint']}".rstrip()
    if not result["facts"]:
        return f"Nothing about {shown(result['title'])} may be said today ({result['window']})."
    lines = [line for fact in result["facts"] for line in _fact(fact)]
    return "\n".join([f"May be said about {shown(result['title'])} ({result['purpose']}):", *lines])


def evaluated(result: dict[str, Any]) -> str:
    """Return how labels and verdicts agree, beside the goals."""
    lines = [f"{result['judged']} messages judged by their words only; {result['scored']} of them scored.", ""]
    lines += _table(result["confusion"])
    for origin, confusion in result["by_origin"].items():
        lines += ["", f"Of these {origin}:", *_table(confusion)]
    return "\n".join([*lines, "", *_goals(result["confusion"])])


def underlined(text: str, spans: Iterable[Iterable[int]]) -> list[str]:
    """Return a text in lines that fit the screen, each followed by one that marks the words of the spans."""
    marked = {at for start, end in spans for at in range(start, end)}
    pieces = list(_wrapped(text, _width() - len(_INDENT)))
    lines = []
    for start, end in pieces[:_LINES_OF_A_DRAFT]:
        line = "".join(_visible(sign) for sign in text[start:end])
        marks = "".join(("^" if at in marked else " ") * _cells(text[at]) for at in range(start, end)).rstrip()
        lines += [f"{_INDENT}{line}".rstrip(), *([f"{_INDENT}{marks}"] if marks else [])]
    return [*lines, *([f"{_INDENT}..."] if len(pieces) > _LINES_OF_A_DRAFT else [])]


def mapping(pairs: list[str] | None) -> dict[str, str]:
    """Return COLUMN=NAME pairs as a mapping."""
    told = {}
    for pair in pairs or ():
        column, separator, name = pair.partition("=")
        if not separator or not column.strip() or not name.strip():
            raise InputError(f"--map {pair} is not COLUMN=NAME.", "For example: --map started_at=Start")
        told[column.strip()] = name.strip()
    return told


def shown(text: str) -> str:
    """Return a text that a terminal cannot take for orders: what is invisible or controls it stands as a dot."""
    return "".join(_visible(sign) for sign in text)


def _visible(sign: str) -> str:
    return "·" if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else sign


def _cells(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1


def _wrapped(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield where each line begins and ends; lines break at line breaks and spaces."""
    start = 0
    for line in text.split("\n"):
        low, high = start, start + len(line)
        while high - low > width:
            space = text.rfind(" ", low, low + width)
            cut = space + 1 if space > low else low + width
            yield low, cut
            low = cut
        yield low, high
        start = high + 1


def _listed(head: str, reasons: list[dict[str, Any]]) -> str:
    return "\n".join([f"{head}:", *[line for reason in reasons for line in _reason(reason)]])


def _reason(reason: dict[str, Any]) -> list[str]:
    spans = reason["spans"]
    whole = [
        word
        for word, (start, end) in zip(reason["words"], spans, strict=True)
        if word.strip() and not any(low <= start and end <= high and (low, high) != (start, end) for low, high in spans)
    ]
    words = [f'"{_short(shown(word))}"' for word in dict.fromkeys(whole)]
    told = _item(f"{reason['because']} ({reason['layer']}: {reason['rule'] or 'no rule'})")
    return told + (_item(f"on {', '.join(words[:_MOST_SPANS])}", inner=True) if words else [])


def _short(word: str) -> str:
    flat = " ".join(word.split())
    return flat if len(flat) <= _MOST_WORDS else f"{flat[: _MOST_WORDS - 3]}..."


def _instead(facts: list[dict[str, Any]]) -> str:
    return "\n".join(["May be said instead:", *[line for fact in facts for line in _fact(fact)]])


def _fact(fact: dict[str, Any]) -> list[str]:
    return _item(shown(fact["sentence"])) + (_item(fact["source"], inner=True) if fact["source"] else [])


def _item(text: str, *, inner: bool = False) -> list[str]:
    first = f"{_INDENT}  " if inner else f"{_INDENT}- "
    return textwrap.wrap(text, _width(), initial_indent=first, subsequent_indent=f"{_INDENT}  ") or [first]


def _rests_on(told: dict[str, Any]) -> str:
    data = told["data"]
    parts = [
        f"Purpose: {told['purpose']}; {told['basis']}.",
        f"Rulebook {told['rulebook_hash'][:12]}, rules about wording {told['wording_hash'][:12]}"
        + (f", bundle {told['bundle'][:12]}" if told["bundle"] else "")
        + (f"; data {data['fingerprint'][:12]}, {data['window']}, {data['sources']}" if data else "")
        + ".",
        *told["marks"],
    ]
    return "\n".join(line for part in parts for line in textwrap.wrap(part, _width()))


def _width() -> int:
    return max(min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST), 40)


def _table(confusion: dict[str, dict[str, int]]) -> list[str]:
    statuses = list(confusion)
    lines = ["label      " + "".join(f"{status:>8}" for status in statuses)]
    return [*lines, *(f"{label:<11}" + "".join(f"{row[s]:>8}" for s in statuses) for label, row in confusion.items())]


def _goals(confusion: dict[str, dict[str, int]]) -> list[str]:
    block, allow = confusion["block"], confusion["allow"]
    rows = (
        ("of labels block are allowed", block["allow"], sum(block.values()), 0.0, False),
        ("of labels block are blocked", block["block"], sum(block.values()), 0.90, True),
        ("of labels allow are blocked", allow["block"], sum(allow.values()), 0.05, False),
        ("of labels allow are reviewed", allow["review"], sum(allow.values()), 0.15, False),
    )
    return [_goal(*row) for row in rows]


def _goal(words: str, count: int, of: int, bound: float, at_least: bool) -> str:
    share = count / of if of else 0.0
    met = (share >= bound if at_least else share <= bound) or not of
    goal = f"goal: {'at least' if at_least else 'at most'} {bound:.0%}" if bound else "goal: none"
    return f"{'met    ' if met else 'NOT MET'}  {count} of {of} ({share:.1%}) {words} ({goal})"
