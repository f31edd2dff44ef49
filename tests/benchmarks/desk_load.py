"""Fifty reviewers at one desk: python tests/benchmarks/desk_load.py [sqlite|postgresql] [SECONDS] [REVIEWERS] [PAUSE]

A real `analyzer desk` on loopback, in its own process, on a ledger as it is after half a year. Everybody signs in by
the page, then looks at the queue and cards, decides, discusses, checks, submits and answers drafts, each with a pause
of PAUSE seconds on average between two clicks (1 by default; a person takes more; with 0 all click at once, always).
Nothing is cached. Printed are seconds by page, every answer that was none, how busy the machine was, and whether the
audit trail has exactly the posts that were acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from desk_browser import Browser, Measured, Page
from desk_servers import desk, postgresql

from analyzer.ledger.events import What
from analyzer.ledger.people import Role
from analyzer.ledger.reviewed import Choice, DraftRecord, DraftStatus, Kind
from analyzer.ledger.store import Ledger, open_ledger
from analyzer.messages.verdict import check_words
from analyzer.workflow.model import REFERENCE, load_model

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from desk_world import ALLOWED, ASKED, BLOCKED, furnish

PASSWORD = "a quiet evening with one film"
REASON = "Looked at with the researchers, as it was asked for."
EARLIER = 300
"""Decisions, and drafts, of half a year."""
LEFT_OVER = 20
"""Drafts that wait at the beginning."""
POSTS = {"decide": What.DECIDED, "note": What.NOTED, "submit": What.SUBMITTED, "answer": What.ANSWERED}
WEIGHTS = {"queue": 40, "card": 20, "decide": 12, "check": 8, "drafts": 6, "submit": 5, "answer": 5, "note": 4}
GOAL_S = 0.300


def half_a_year(ledger: Ledger, reviewers: int) -> list[str]:
    """Fill a ledger; return the patterns."""
    furnish(ledger, load_model(REFERENCE))
    patterns = [state.pattern for state in ledger.patterns()]
    for number in range(EARLIER):
        pattern = patterns[number % len(patterns)]
        ledger.decide(Choice(pattern=pattern, kind=Kind.CONFIRM, who="Ana"), ledger.pattern(pattern).last)
        text = f"{(ALLOWED, ASKED)[number % 2]} This is draft {number}."
        kept = ledger.submit(DraftRecord(author="Cleo", text=text, verdict=check_words(text).as_json()))
        if number < EARLIER - LEFT_OVER:
            ledger.answer(kept.number, "Ana", DraftStatus.REJECTED, REASON, kept.last)
    for number in range(reviewers):
        ledger.add_account(f"Reviewer {number}", Role.REVIEWER, PASSWORD)
    return patterns


@dataclass
class Reviewer:
    """Somebody at the desk."""

    browser: Browser
    chance: random.Random
    patterns: list[str]
    csrf: str = ""

    async def sign_in(self, name: str) -> None:
        page = await self.browser.get("sign in", "/sign-in")
        await self.browser.post("sign in", "/sign-in", page.field("csrf"), name=name, password=PASSWORD)
        self.csrf = (await self.browser.get("first page", "/queue")).field("csrf")

    async def work(self, until: float, pause_s: float) -> None:
        await asyncio.sleep(self.chance.uniform(0, pause_s))
        while time.monotonic() < until:
            (what,) = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
            await getattr(self, what)()
            pause = self.chance.expovariate(1 / pause_s) if pause_s else 0
            await asyncio.sleep(max(0, min(pause, until - time.monotonic())))

    async def queue(self) -> None:
        await self.browser.get("queue", "/queue")

    async def card(self) -> Page:
        return await self.browser.get("card", f"/patterns/{self.chance.choice(self.patterns)}")

    async def decide(self) -> None:
        pattern = self.chance.choice(self.patterns)
        page = await self.browser.get("card", f"/patterns/{pattern}")
        told = {"seen": page.field("seen"), "decision": page.field("decision"), "reason": ""}
        await self._post("decide", f"/patterns/{pattern}/decisions", **told)

    async def note(self) -> None:
        await self._post(
            "note", f"/patterns/{self.chance.choice(self.patterns)}/notes", note="It may be a bedtime story."
        )

    async def check(self) -> None:
        text = self.chance.choice((ALLOWED, ASKED, BLOCKED))
        await self._post("check", "/check", text=text)

    async def drafts(self) -> None:
        await self.browser.get("drafts", "/drafts")

    async def submit(self) -> None:
        await self._post("submit", "/drafts", text=self.chance.choice((ALLOWED, ASKED)), purpose="press")

    async def answer(self) -> None:
        page = await self.browser.get("queue", "/queue")
        if waiting := sorted(set(re.findall(r'href="/drafts/(\d+)"', page.text))):
            path = f"/drafts/{self.chance.choice(waiting)}"
            seen = (await self.browser.get("draft", path)).field("seen")
            await self._post("answer", f"{path}/answers", seen=seen, answer="rejected", reason=REASON)

    async def _post(self, name: str, path: str, /, **fields: str) -> None:
        page = await self.browser.post(name, path, self.csrf, **fields)
        if page.status == 303 and page.location != "/sign-in":
            self.browser.measured.acknowledged[name] += 1
            await self.browser.get(f"after {name}", page.location)


async def day(port: int, patterns: list[str], reviewers: int, seconds: float, pause_s: float) -> tuple[Measured, float]:
    """Let everybody work; return what happened, and how long it took."""
    before, during = Measured(), Measured()
    chances = [random.Random(n) for n in range(reviewers)]  # noqa: S311 - where somebody clicks next is no secret
    people = [Reviewer(Browser(port, before), chance, patterns) for chance in chances]
    await asyncio.gather(*(one.sign_in(f"Reviewer {n}") for n, one in enumerate(people)))
    signed_in = sorted(before.seconds["sign in"])
    print(f"{sum(bool(one.csrf) for one in people)} of {reviewers} signed in, the slowest in {signed_in[-1]:.2f} s")
    for one in people:
        one.browser.measured = during
    begun = time.monotonic()
    await asyncio.gather(*(one.work(begun + seconds, pause_s) for one in people))
    for one in people:
        one.browser.close()
    return during, time.monotonic() - begun


def counts(ledger: Ledger) -> Counter[What]:
    """Count what the audit trail has."""
    return Counter(event.what for page in ledger.audit.pages() for event in page)


def processor_s(process: int | None = None) -> float:
    """Return the seconds of processor of a process; of all, idle ones left out, where none is named."""
    if process is None:
        told = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return (sum(told) - told[3] - told[4]) / os.sysconf("SC_CLK_TCK")
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def report(measured: Measured, took_s: float) -> bool:
    """Print what happened; return whether it is good."""
    print(f"{'page':<14}{'answers':>8}{'p50 ms':>9}{'p95 ms':>9}{'worst':>9}")
    for name, seconds in sorted(measured.seconds.items()):
        middle, late = np.percentile(seconds, [50, 95]) * 1_000
        print(f"{name:<14}{len(seconds):>8}{middle:>9.0f}{late:>9.0f}{max(seconds) * 1_000:>9.0f}")
    answers = sum(map(len, measured.seconds.values()))
    odd = {key: many for key, many in measured.statuses.items() if key[1] not in (200, 303)}
    second = {key: many for key, many in odd.items() if key[1] in (409, 422)}
    wrong = {key: many for key, many in odd.items() if key not in second}
    told = ", ".join(f"{many} {name} {status}" for (name, status), many in sorted(second.items())) or "none"
    print(f"{answers} answers in {took_s:.0f} s, {answers / took_s:.0f} a second; somebody else was first: {told}")
    print(f"errors: {len(measured.broken) + sum(wrong.values())} {measured.broken[:5] or ''} {wrong or ''}".rstrip())
    late_s = float(np.percentile(measured.seconds["queue"], 95))
    print(f"p95 of the queue: {late_s * 1_000:.0f} ms; the goal is {GOAL_S * 1_000:.0f}")
    return not measured.broken and not wrong and late_s < GOAL_S


def lost(ledger: Ledger, before: Counter[What], measured: Measured) -> bool:
    """Print whether the trail has each acknowledged post once; return whether it has not."""
    gained = counts(ledger) - before
    found = {name: (measured.acknowledged[name], gained[what]) for name, what in POSTS.items()}
    verified = ledger.audit.verify()
    told = ", ".join(f"{name} {acknowledged}/{kept}" for name, (acknowledged, kept) in found.items())
    print(f"acknowledged / in the audit trail: {told}; the chain {'verifies' if verified.good else 'IS BROKEN'}")
    return not verified.good or any(acknowledged != kept for acknowledged, kept in found.values())


def main(kind: str, seconds: float, reviewers: int, pause_s: float) -> bool:
    """Run it on one kind of database; return whether all was good."""
    folder = Path(tempfile.mkdtemp(prefix="desk-load-"))
    try:
        with postgresql() if kind == "postgresql" else nullcontext(str(folder / "ledger.sqlite")) as where:
            ledger = open_ledger(where, folder / "key")
            patterns = half_a_year(ledger, reviewers)
            before = counts(ledger)
            print(f"{kind}: {reviewers} reviewers, {pause_s:g} s between clicks; load before {os.getloadavg()[0]:.1f}")
            with desk(where, folder / "key") as (port, process):
                busy = processor_s(), processor_s(process.pid), time.process_time()
                measured, took_s = asyncio.run(day(port, patterns, reviewers, seconds, pause_s))
                used = processor_s() - busy[0], processor_s(process.pid) - busy[1], time.process_time() - busy[2]
            good = report(measured, took_s)
            share = ", ".join(
                f"{name} {part / took_s:.2f}" for name, part in zip(("all", "desk", "us"), used, strict=True)
            )
            print(f"processors busy of {os.cpu_count()}: {share}; load after {os.getloadavg()[0]:.1f}")
            return not lost(ledger, before, measured) and good
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    told = [*sys.argv[1:], *("sqlite", "60", "50", "1")[len(sys.argv) - 1 :]]
    raise SystemExit(0 if main(told[0], float(told[1]), int(told[2]), float(told[3])) else 1)
