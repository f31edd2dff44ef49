"""The rulebook's JSON Schema, for editors that complete and check TOML while it is written.

An editor sees less than `rulebook check`: only the check finds ids that are there twice, or lists of marks with a gap.
"""

from __future__ import annotations

from typing import Any, Final

from analyzer.features.catalog import select
from analyzer.patterns.profile import QUANTILES
from analyzer.policy.effects import Effect
from analyzer.policy.rule_faults import ABOUT_PATTERNS, ABOUT_USES, PROTECTIVE, SCOPE
from analyzer.policy.rulebook import Rulebook

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def rulebook_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a rulebook as plain values."""
    schema = _without_null(Rulebook.model_json_schema(mode="validation"))
    parts = schema["$defs"]
    features = sorted(spec.name for spec in select())
    for name, key in (("Clause", "feature"), ("ContrastClause", "contrast")):
        parts[name]["properties"][key]["enum"] = features
        parts[name]["oneOf"] = [{"required": ["at_least"]}, {"required": ["at_most"]}]
    parts["Clause"]["properties"]["quantile"]["enum"] = list(QUANTILES)
    parts["Rule"] |= _of_rule()
    schema["properties"]["rule"]["minItems"] = 1
    return {"$schema": DRAFT, **schema}


def _of_rule() -> dict[str, Any]:
    anything = [*SCOPE, *ABOUT_PATTERNS, *ABOUT_USES]
    return {
        "anyOf": [{"required": [name]} for name in anything],
        "if": {"properties": {"effect": {"const": Effect.ALLOW.value}}, "required": ["effect"]},
        "then": {"properties": dict.fromkeys([*PROTECTIVE, "overridable"], False)},
        "else": {"properties": {"households_at_least": False}},
    }


def _without_null(value: Any) -> Any:
    """Drop what a TOML file cannot say: null, and a list that is left out by being empty."""
    if isinstance(value, list):
        return [_without_null(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {key: _without_null(one) for key, one in value.items() if not (key == "default" and one in (None, []))}
    choices = [one for one in told.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1 and "anyOf" in told:
        del told["anyOf"]
        return {**choices[0], **told}
    return told
