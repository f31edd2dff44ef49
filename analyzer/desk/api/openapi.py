"""The OpenAPI document (3.1), written from the operations and their models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from analyzer._version import __version__
from analyzer.desk.api.models import ProblemTold
from analyzer.desk.api.operations import Operation

_REF: Final = "#/components/schemas/{model}"
_PROBLEM: Final = "application/problem+json"
_JSON: Final = "application/json"
_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "number": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "pattern": {"type": "string", "minLength": 1, "maxLength": 100},
}
_REFUSALS: Final = {
    "400": "The body cannot be read",
    "401": "No client has this token",
    "403": "Not for this client's role",
    "404": "There is no such thing",
    "408": "The body did not arrive in time",
    "413": "More than 1 MB was sent",
    "422": "It cannot be done so",
    "429": "Too many requests",
    "500": "Something went wrong; nothing was done",
    "503": "The ledger cannot be used",
}
_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "401": {"WWW-Authenticate": {"description": "Bearer.", "required": True, "schema": {"type": "string"}}},
    "429": {
        "Retry-After": {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    },
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the document as plain JSON values."""
    told = list(operations)
    models: list[type[BaseModel]] = [ProblemTold, *(o.answer for o in told), *(o.body for o in told if o.body)]
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in told:
        paths.setdefault(one.door.path, {})[one.door.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The reviewers' desk",
            "version": __version__,
            "description": "Ask before you post. Each client has a token and one role; people decide at the desk.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    refusals = {status: _refusal(words, _HEADERS.get(status)) for status, words in _REFUSALS.items()}
    answer = {"description": one.summary, "content": {_JSON: {"schema": _named(one.answer)}}}
    told = {
        "operationId": one.door.name,
        "summary": one.summary,
        "description": f"For the roles {', '.join(sorted(role.value for role in one.door.roles))}.",
        "parameters": _parameters(one),
        "responses": {"201" if one.made else "200": answer, **refusals},
    }
    body = {"required": True, "content": {_JSON: {"schema": _named(one.body)}}} if one.body else None
    return told | ({"requestBody": body} if body else {})


def _parameters(one: Operation) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]} for name in one.door.parameters
    ]
    behind = [
        {"name": q.name, "in": "query", "required": q.required, "description": q.meaning, "schema": q.schema}
        for q in one.query
    ]
    return in_path + behind


def _refusal(words: str, headers: dict[str, Any] | None) -> dict[str, Any]:
    told = {"description": words, "content": {_PROBLEM: {"schema": _named(ProblemTold)}}}
    return told | ({"headers": headers} if headers else {})


def _named(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
