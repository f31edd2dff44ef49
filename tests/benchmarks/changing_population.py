"""Sequences of ten questions about one population that changes between them, asked by somebody who is after few people.

Households leave and come, one by one and in bulk. Each question filters, cuts into bins and chooses a period anew, or
repeats an earlier question with one thing changed: a bin's edge, a day of the period, one region less. In some of the
populations a few households use two devices, and are in two cells at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

DAYS, REGIONS, DEVICES = 56, 6, 4
QUESTIONS = 10


@dataclass(frozen=True)
class Question:
    """What is to be released: `by` of the rows that pass the filter."""

    by: tuple[str, ...]
    first_day: int
    last_day: int
    edges: tuple[int, ...]
    regions: tuple[int, ...]
    oldest: int
    hours: bool
    public: bool

    @property
    def window(self) -> str:
        return f"days {self.first_day} to {self.last_day}"


@dataclass(frozen=True, eq=False)
class Asked:
    """A question with the frame that a caller would hand over: a row a household and device, already filtered."""

    question: Question
    frame: pd.DataFrame


@dataclass(frozen=True, eq=False)
class People:
    """Households, some of them members at the moment."""

    age: np.ndarray
    region: np.ndarray
    device: np.ndarray
    second: np.ndarray  # another device; the same one for most
    minutes: np.ndarray  # a day, shape (households, DAYS); mostly 0
    member: np.ndarray


def people(rng: np.random.Generator) -> People:
    """Return some thousand households, three quarters of them members, each active on some of the days."""
    count = int(rng.integers(300, 2_000))
    active = rng.random((count, DAYS)) < rng.beta(0.6, 2.0, (count, 1))
    device = rng.choice(DEVICES, count, p=np.sort(rng.dirichlet(np.ones(DEVICES))))
    two = rng.random(count) < rng.choice([0.0, 0.0, 0.02, 0.2])
    return People(
        age=np.clip(rng.gamma(4.0, 11.0, count), 12, 99).astype(np.int64),
        region=rng.choice(REGIONS, count, p=np.sort(rng.dirichlet(np.ones(REGIONS)))),
        device=device,
        second=np.where(two, rng.choice(DEVICES, count), device),
        minutes=active * rng.gamma(1.2, 60.0, (count, DAYS)).astype(np.int64),
        member=rng.random(count) < 0.75,
    )


def sequence(seed: int, questions: int = QUESTIONS, split: bool = False) -> list[Asked]:
    """Return the questions of one sequence, each with the rows of its moment.

    With `split` a household of two devices has its minutes on both; else all of them are on one.
    """
    rng = np.random.default_rng([seed, 2017])
    folk = people(rng)
    public = bool(rng.random() < 0.5)
    asked: list[Asked] = []
    for _ in range(questions):
        earlier = asked[rng.integers(len(asked))].question if asked else None
        question = changed(rng, earlier) if earlier and rng.random() < 0.7 else anew(rng, public)
        asked.append(Asked(question, rows(folk, question, split)))
        come_and_go(rng, folk)
    return asked


def anew(rng: np.random.Generator, public: bool) -> Question:
    first = int(rng.integers(0, DAYS - 7))
    by = (("age",), ("region",), ("age", "region"), ("region", "device"), ("device",), ())[rng.integers(6)]
    edges = np.sort(rng.choice(np.arange(15, 80, 5), int(rng.integers(2, 6)), replace=False))
    regions = np.flatnonzero(rng.random(REGIONS) < 0.7) if rng.random() < 0.4 else np.arange(REGIONS)
    return Question(
        by,
        first,
        int(rng.integers(first + 6, DAYS)),
        tuple(edges.tolist()),
        tuple(regions.tolist()),
        int(rng.integers(50, 99)) if rng.random() < 0.2 else 99,
        bool(rng.random() < 0.3),
        public and bool(rng.random() < 0.6),
    )


def changed(rng: np.random.Generator, earlier: Question) -> Question:
    """Return an earlier question with one thing changed, or nothing but the population."""
    kind = rng.integers(8)
    if kind == 0:
        return replace(earlier, last_day=min(DAYS - 1, earlier.last_day + int(rng.integers(1, 3))))
    if kind == 1:
        return replace(earlier, first_day=max(0, earlier.first_day - int(rng.integers(1, 3))))
    if kind == 2:
        moved = np.array(earlier.edges)
        moved[rng.integers(len(moved))] += int(rng.integers(1, 4))
        return replace(earlier, edges=tuple(np.unique(moved).tolist()))
    if kind == 3:
        return replace(earlier, regions=earlier.regions[:-1] or earlier.regions)
    if kind == 4:
        return replace(earlier, by=(("age",), ("region",), ("age", "region"), ("region", "device"))[rng.integers(4)])
    if kind == 5:
        return replace(earlier, oldest=earlier.oldest - int(rng.integers(1, 10)))
    if kind == 6:
        return replace(earlier, edges=tuple(sorted({*earlier.edges, int(rng.integers(15, 80))})))
    return earlier


def come_and_go(rng: np.random.Generator, folk: People) -> None:
    """Change who is a member: one or a few households, or hundreds at once."""
    count = int(rng.integers(1, 4)) if rng.random() < 0.7 else int(rng.integers(50, 400))
    moving = rng.choice(len(folk.member), min(count, len(folk.member)), replace=False)
    folk.member[moving] = ~folk.member[moving]


def rows(folk: People, question: Question, split: bool) -> pd.DataFrame:
    """Return the rows that a caller who filtered well would hand over."""
    minutes = folk.minutes[:, question.first_day : question.last_day + 1].sum(axis=1)
    inside = folk.member & (minutes > 0) & np.isin(folk.region, question.regions) & (folk.age <= question.oldest)
    who = np.flatnonzero(inside)
    edges = np.array(question.edges)
    both = (folk.second[who] != folk.device[who]) & (split or not question.hours)
    there = np.concatenate([np.arange(len(who)), np.flatnonzero(both)])
    on_second = np.where(both, minutes[who] // 3, 0)
    used = np.concatenate([folk.device[who], folk.second[who][both]])
    row = who[there]
    return pd.DataFrame(
        {
            "household": [f"h_{number:05d}" for number in row],
            "age": [f"band {number}" for number in np.searchsorted(edges, folk.age[row], side="right")],
            "region": [f"region {number}" for number in folk.region[row]],
            "device": [f"device {number}" for number in used],
            "minutes": np.concatenate([minutes[who] - on_second, on_second[both]]).astype(np.float64),
        }
    )
