"""The JSON Schema tells an editor what the check would tell: the same words, the same choices."""

from __future__ import annotations

import json

import pytest

from analyzer.features.catalog import CATALOG
from analyzer.policy.rule_faults import PROTECTIVE
from analyzer.policy.rules import Rule
from analyzer.policy.schema import rulebook_schema
from analyzer.policy.uses import Purpose, Statement, Subject

SCHEMA = json.loads(json.dumps(rulebook_schema()))
PARTS = SCHEMA["$defs"]


def test_it_is_a_schema_of_a_known_draft_that_refuses_unknown_keys_everywhere():
    assert SCHEMA["$schema"].endswith("2020-12/schema")
    for part in (SCHEMA, *(part for part in PARTS.values() if part["type"] == "object")):
        assert part["additionalProperties"] is False


def test_every_word_of_a_rule_is_described_and_what_must_be_there_is_required():
    rule = PARTS["Rule"]
    assert set(rule["properties"]) == set(Rule.model_fields)
    assert set(rule["required"]) == {name for name, field in Rule.model_fields.items() if field.is_required()}
    assert all(told.get("description") for told in rule["properties"].values())


@pytest.mark.parametrize("kind", [Purpose, Statement, Subject])
def test_lists_of_words_allow_the_words_and_no_others(kind):
    assert PARTS[kind.__name__]["enum"] == [member.value for member in kind]


def test_a_clause_names_a_feature_of_the_catalog_and_one_bound():
    assert set(PARTS["Clause"]["properties"]["feature"]["enum"]) <= set(CATALOG)
    assert "title_days_max" in PARTS["ContrastClause"]["properties"]["contrast"]["enum"]
    assert PARTS["Clause"]["oneOf"] == [{"required": ["at_least"]}, {"required": ["at_most"]}]
    assert PARTS["Clause"]["properties"]["quantile"]["enum"] == [0.1, 0.25, 0.5, 0.75, 0.9]


def test_an_allow_rule_is_not_offered_what_protects_and_others_no_floor_to_reach():
    rule = PARTS["Rule"]
    assert rule["if"]["properties"] == {"effect": {"const": "allow"}}
    assert set(rule["then"]["properties"]) == {*PROTECTIVE, "overridable"}
    assert rule["else"]["properties"] == {"households_at_least": False}


def test_it_holds_nothing_that_toml_cannot_say():
    def values(part):
        yield part
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        for one in inside:
            yield from values(one)

    assert {"type": "null"} not in list(values(SCHEMA))
    assert None not in [one for one in values(SCHEMA) if not isinstance(one, dict | list)]
