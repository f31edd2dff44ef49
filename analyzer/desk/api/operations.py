"""Doors for programs: what is sent is read by a model, and what is answered is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import API, Door
from analyzer.desk.problems import Problem, as_json
from analyzer.ledger.people import Role

ROOT: Final = f"{API}v1"
_NOT_JSON: Final = Problem(400, "That cannot be read", "The body is no JSON in UTF-8.", "Send one JSON object.")


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter behind the question mark.

    Attributes
    ----------
    name, meaning : of it.
    schema : of JSON.
    required : whether it has to be there.
    """

    name: str
    meaning: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """Something that a program can ask for.

    Attributes
    ----------
    door : where, and for whom.
    summary : what it does.
    answer : what is answered.
    body : what is sent; None where nothing is.
    query : parameters behind the question mark.
    made : whether something new is there afterwards, so that the status is 201.
    """

    door: Door
    summary: str
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    query: tuple[Query, ...] = ()
    made: bool = False


def operation(
    name: str,
    path: str,
    roles: frozenset[Role],
    summary: str,
    call: Callable[..., dict[str, Any]],
    answer: type[BaseModel],
    *,
    body: type[BaseModel] | None = None,
    query: tuple[Query, ...] = (),
    made: bool = False,
) -> Operation:
    """Return an operation with its door.

    Parameters
    ----------
    name, path, roles
        Of the door; the path below `/api/v1`.
    summary : str
    call : callable
        Takes the request, and the body where there is one; returns the values of the answer.
    answer, body, query, made
        See `Operation`.
    """

    def handler(ask: Ask) -> Response:
        if unknown := sorted(set(ask.query) - {one.name for one in query}):
            return as_json(_unknown(unknown[0], query))
        if body is None:
            return _told(answer, call(ask), 201 if made else 200)
        read = _read(ask.body, body)
        return as_json(read) if isinstance(read, Problem) else _told(answer, call(ask, read), 201 if made else 200)

    method = "POST" if body else "GET"
    return Operation(Door(f"api_{name}", method, f"{ROOT}{path}", roles, handler), summary, answer, body, query, made)


def _read(sent: bytes, model: type[BaseModel]) -> BaseModel | Problem:
    """Return a body, or what is wrong with it."""
    try:
        values = json.loads(sent.decode("utf-8"))
    except (ValueError, RecursionError):
        return _NOT_JSON
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        fields = ", ".join(model.model_fields)
        return Problem(422, "That cannot be done so", f"{place}: {first['msg']}.", f"Send an object with: {fields}.")


def _unknown(name: str, query: tuple[Query, ...]) -> Problem:
    """Return that a parameter means nothing: whoever mistypes one would else get another answer than they think."""
    known = ", ".join(f"?{one.name}=" for one in query) or "nothing behind the question mark"
    return Problem(422, "That cannot be done so", f"The parameter {name[:40]!r} is not known.", f"Send {known}.")


def _told(model: type[BaseModel], values: dict[str, Any], status: int) -> Response:
    """Return an answer; what the model does not promise is not told."""
    text = model.model_validate(values).model_dump_json()
    return Response(text, status, media_type="application/json")
