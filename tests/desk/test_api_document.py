"""The API keeps to its own OpenAPI document, whatever is sent: machine-made requests, and no answer of 500 or above."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans, data, sampled_from
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from analyzer.desk.api.doors import OPERATIONS
from analyzer.desk.app import make_app
from analyzer.desk.settings import DeskSettings
from analyzer.ledger.people import Role
from analyzer.ledger.store import open_ledger
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow.message_index import build_index
from analyzer.workflow.message_jobs import Settings
from analyzer.workflow.office import Office

HOST = "testserver"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


THERE = {"pattern": ["P01", "P02", "P11"], "number": [1, 2], "title": ["t1", "t2", "Winter"]}
"""Values that are there; machine-made ones are hardly ever."""


@pytest.fixture(scope="module")
def office(furnished: Path, model, tmp_path_factory) -> Iterator[Office]:
    """A desk that has data to look figures up in, too."""
    folder = shutil.copytree(furnished, tmp_path_factory.mktemp("document") / "desk")
    sessions, _ = synthesize(Population(viewers=60, days=28, seed=1))
    sessions.to_pandas().to_parquet(folder / "sessions.parquet")
    build_index(folder / "sessions.parquet", folder / "claims.index")
    opened = Office(open_ledger(folder / "ledger.sqlite"), model, Settings(index=folder / "claims.index"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bearers(office) -> Iterator[str]:
    """Tokens of reviewing programs, which may ask for everything; several, for each may ask 600 times a minute."""
    return cycle([f"Bearer {office.ledger.add_client(f'tool {n}', Role.REVIEWER)[1]}" for n in range(20)])


@pytest.fixture(scope="module")
def described(office, bearers):
    app = make_app(office, DeskSettings(names=(HOST,)))
    headers = {"Authorization": next(bearers), "Host": HOST}
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=headers)


POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
AS_PROMISED = [pytest.param(one, POSITIVE, id=f"{one.door.name} as promised") for one in OPERATIONS]
OTHERWISE = [
    pytest.param(one, NEGATIVE, id=f"{one.door.name} otherwise")
    for one in OPERATIONS
    if one.body or one.door.parameters or one.query  # else nothing is sent that could be otherwise
]


@pytest.mark.parametrize(("one", "mode"), [*AS_PROMISED, *OTHERWISE])
def test_every_answer_is_one_that_the_document_promises(one, mode, described, bearers):
    done = []

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=described[one.door.path][one.door.method].as_strategy(generation_mode=mode), data=data())
    def answered(case, data):
        if mode is POSITIVE and data.draw(booleans()):
            for values in (case.path_parameters, case.query):
                values.update({name: data.draw(sampled_from(THERE[name])) for name in values if name in THERE})
        response = case.call(headers={"Authorization": next(bearers), "Host": HOST})
        case.validate_response(response, checks=CHECKS)
        done.append(response.status_code)

    answered()
    assert 401 not in done or mode is NEGATIVE  # which leaves out or spoils the token as well
    assert (2 in {status // 100 for status in done}) or mode is NEGATIVE, done
