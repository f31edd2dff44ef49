"""How old a model is, told by windows that enough households share."""

from datetime import date

import numpy as np
import pandas as pd

from analyzer.patterns.pooling import last_window


def index_of(*starts: str) -> pd.MultiIndex:
    days = pd.to_datetime(list(starts), utc=True)
    return pd.MultiIndex.from_arrays([[f"v{i}" for i in range(len(starts))], days], names=["viewer_id", "window_start"])


def households(index: pd.Index) -> np.ndarray:
    return index.get_level_values("viewer_id").to_numpy()


def test_a_model_is_as_old_as_the_last_window_that_enough_households_share():
    index = index_of("2018-01-01", "2018-01-01", "2018-01-29", "2018-01-29")
    assert last_window(index, households(index), 2) == date(2018, 1, 29)


def test_one_clock_that_runs_wrong_does_not_make_a_model_look_newer():
    index = index_of("2018-01-01", "2018-01-01", "2099-01-01")
    assert last_window(index, households(index), 2) == date(2018, 1, 1)


def test_windows_of_one_household_count_once():
    index = index_of("2018-01-01", "2018-01-01")
    assert last_window(index, np.array(["h", "h"]), 2) is None


def test_vectors_without_windows_tell_no_age():
    assert last_window(pd.RangeIndex(3), np.array(["a", "b", "c"]), 2) is None
