"""One local Spark for all its tests. Where there is no Java, they fail: what never ran on Spark is not tested."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MASTER = "local[2]"
_SMALL = "--driver-memory 1g --conf spark.sql.shuffle.partitions=4 --conf spark.local.dir={} pyspark-shell"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Two cores of this machine as a cluster, started as the command line starts it."""
    from analyzer.workflow.spark_engine import session

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", _SMALL.format(tmp_path_factory.mktemp("spark")))
        started = session(MASTER)
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def _java() -> None:
    if shutil.which("java") is None:
        pytest.fail("Java was not found: install Debian's package default-jre-headless.")
