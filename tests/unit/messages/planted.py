"""A small population in which it is known who watched what, and claims about it, for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

import analyzer
from analyzer.messages.claim import (
    Action,
    Amount,
    Basis,
    BasisKind,
    Claim,
    Content,
    ContentKind,
    Frequency,
    Per,
    Span,
    Statistic,
    Who,
    WhoKind,
    Window,
)
from analyzer.policy.uses import Addressed

DAYS, DAILY, PLANTED, MOST = 40, 18, 53, 357
LAST = datetime(2023, 12, 10, tzinfo=UTC)
PRINCE, BEE, OTHERS, SERIES = "A Christmas Prince", "Bee Movie", "Quiet Harbour", "Small Boats"
HOUR, WHOLE = 3600.0, 5_400.0


def on(day: int, hour: float = 20.0) -> datetime:
    """A moment of a day that is counted back from the last one, which is 0."""
    return LAST.replace(hour=0) - timedelta(days=day) + timedelta(hours=hour)


def row(household, title, when, played_s=WHOLE, country="GB", **more):
    return {
        "viewer_id": f"{household}-1",
        "household_id": household,
        "title_id": title.casefold().replace(" ", "-"),
        "title_name": title,
        "started_at": when,
        "played_s": played_s,
        "runtime_s": WHOLE,
        "utc_offset_min": 0,
        "country": country,
        **more,
    }


def planted_rows():
    """53 households watched one title on each of the last 18 days, one watched another 357 times, 400 did neither."""
    rows = [row(f"daily{n}", PRINCE, on(day)) for n in range(PLANTED) for day in range(DAILY)]
    rows += [row("many", BEE, on(n % DAYS, 0.5 + 2 * (n // DAYS)), 6_000.0) for n in range(MOST)]
    for n in range(400):
        country = "MT" if n < 7 else "DE"
        rows.append(row(f"once{n}", PRINCE, on(n % DAYS, 2.0 if n % 10 == 0 else 20.0), country=country))
        rows += [row(f"once{n}", OTHERS, on(day), 0.95 * WHOLE, country=country) for day in (3 + n % 30, 39)]
    # Near misses: 17 of the last 18 days; 18 days in a row that ended the day before; 18 days in all.
    rows += [row(f"near{n}", PRINCE, on(day)) for n in range(3) for day in range(DAILY) if day != 9]
    rows += [row(f"before{n}", PRINCE, on(day + 1)) for n in range(4) for day in range(DAILY)]
    rows += [row(f"spread{n}", PRINCE, on(2 * day)) for n in range(5) for day in range(DAILY)]
    rows += [row(f"longer{n}", PRINCE, on(day)) for n in range(2) for day in range(DAILY + 6)]
    for n in range(11):
        episodes = [row(f"series{n}", f"{SERIES} {e}", on(5, 12 + 1.6 * e), series_id=SERIES) for e in range(4)]
        rows += episodes
    return rows


def planted_sessions(rows=None):
    return analyzer.read_sessions(pd.DataFrame(rows or planted_rows()))


SPAN = Span(0, 1)


def amount(low, high=None, text=""):
    return Amount(float(low), float(low if high is None else high), text or f"{low:,}", Span(7, 9))


def title(name, kind=ContentKind.TITLE):
    return Content(kind, name, name, Span(20, 30))


def survey(n):
    return Basis(BasisKind.SURVEY, amount(n), Span(40, 50))


def last_days(days, clock=None):
    return Window(days, None, None, clock, Span(60, 70))


def every_day(per=Per.DAY):
    return Frequency(amount(1), per, True, Span(80, 90))


def times(low, high=None, per=Per.WINDOW):
    return Frequency(amount(low, high), per, True, Span(80, 90))


def days_of_them(count):
    return Frequency(amount(count), Per.DAY, False, Span(80, 90))


def claim(
    who, content=None, statistic=Statistic.PEOPLE, action=Action.WATCHED, basis=None, addressed=Addressed.NOBODY, **more
):
    basis = basis or Basis(BasisKind.SERVICE_DATA)
    return Claim(who, statistic, action, basis, addressed, SPAN, content=content, **more)


def people(count, high=None):
    return Who(WhoKind.GROUP, amount(count, high))


def one():
    return Who(WhoKind.INDIVIDUAL, amount(1))


def share(low, text=""):
    return Who(WhoKind.SHARE, share=amount(low, text=text or f"{low:.0%}"))


def the_tweet(count=PLANTED, **more):
    return claim(people(count), title(PRINCE), frequency=every_day(), window=last_days(DAILY), **more)


def hours_of(name, hours):
    return claim(Who(WhoKind.NOBODY), title(name), Statistic.HOURS, amount=amount(hours))
