"""Releases to be recorded, for the tests of the ledger and for the processes that they start."""

import numpy as np

from analyzer.disclosure.budget import Charge
from analyzer.disclosure.limits import Readers
from analyzer.disclosure.sketch import sketch_groups
from analyzer.disclosure.told import Definition, Statistic, Told
from analyzer.ledger.records import Record

EVERYBODY = "all viewers"
PERIOD = "2026-11"
HOMES = np.array([f"home-{n:05d}" for n in range(300)])


def told(key, population=EVERYBODY, texts=("100", "200"), statistic=Statistic.HOUSEHOLDS, readers=Readers.PUBLIC):
    """Return two cells whose labels are as awkward as labels are."""
    cells = np.repeat([0, 1], [100, 200])
    measure = "households" if statistic in (Statistic.HOUSEHOLDS, Statistic.SHARE) else "hours"
    definition = Definition(population, ("country", "device"), "November “2026”", measure, statistic)
    labels = (("Côte d'Ivoire", "tv"), ("(all)", 'a "box"\ud800'))
    steps = None if definition.family is None else np.arange(300.0)
    return Told(definition, readers, labels, texts, sketch_groups(cells, HOMES, 2, key, steps))


def one_group(key, homes):
    """Return a release of the number of households of one group."""
    definition = Definition(EVERYBODY, (), "November", "households", Statistic.HOUSEHOLDS)
    sketches = sketch_groups(np.zeros(len(homes), np.int64), homes, 1, key)
    return Told(definition, Readers.PUBLIC, ((),), (f"{len(homes)}",), sketches)


def record(ledger, population=EVERYBODY, amount=None, period=PERIOD, **changes):
    """Return a release that is to be recorded; with an amount it is one with noise."""
    values = {
        "population": population,
        "purpose": "press",
        "made_on": "2026-11-26",
        "told": told(ledger.key, population) if amount is None else None,
        "content": {"releases": [{"measure": "households", "cells": [1, 2.5, None, "wenig\ud800 “so”"]}]},
        "content_hash": "c" * 64,
        "rulebook_hash": "r" * 64,
        "sources_hash": "s" * 64,
        "charge": None if amount is None else Charge.of(period, amount),
    }
    return Record(**values | changes)
