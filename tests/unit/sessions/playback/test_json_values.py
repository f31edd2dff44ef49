"""A JSON file is read record by record, however it was written down; damage costs what it damages and no more."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.playback import json_text
from analyzer.sessions.playback.json_events import PROVIDES, Format, batches, recognise
from analyzer.sessions.playback.json_fields import UnreadableError, number, word
from analyzer.sessions.playback.json_values import JsonValue, json_values

BREAKS, NO_JSON = "the JSON breaks off here", "this is not JSON"
ONE, TWO = {"a": 1}, {"b": 2}
DEEP = '{"a":' + "[" * 2_000 + "]" * 2_000 + "}"
LONG = '{"a":' + "9" * 5_000 + "}"


def read(folder: Path, content: str | bytes) -> list[JsonValue]:
    path = folder / "events.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(json_values(path))


def told(values: list[JsonValue]) -> list[tuple]:
    return [(value.number, value.fault or value.value) for value in values]


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ('[{"a":1},{"b":2}]', [(1, ONE), (2, TWO)]),
        ('[\n{"a":1},\n{"b":2}\n]\n', [(1, ONE), (2, TWO)]),
        ('{"a":1}\n{"b":2}\n', [(1, ONE), (2, TWO)]),
        ('\n{"a":1}\r\n\r\n  \r\n{"b":2}', [(2, ONE), (5, TWO)]),
        ('{"a":1}{"b":2}', [(1, ONE), (2, TWO)]),
        ('{\n  "a": 1\n}\n{\n  "b": 2\n}', [(1, ONE), (2, TWO)]),
        ('{"a":\n1}\n{"b":\n2}', [(1, ONE), (2, TWO)]),
        ('{"statements":[{"a":1},{"b":2}],"more":""}', [(1, ONE), (2, TWO)]),
        ('{"more":"/next","statements":[{"a":1},{"b":2}]}', [(1, ONE), (2, TWO)]),
        ('{\n "sentAt": null,\n "batch": [\n{"a":1},\n{"b":2}\n]}', [(1, ONE), (2, TWO)]),
        ('{"data":[{"a":1}]}{"data":[{"b":2}]}', [(1, ONE), (2, TWO)]),
        ('{"batch":[{"a":1}]}\n{"batch":[{"b":2},{"a":1}]}\n', [(1, ONE), (2, TWO), (2, ONE)]),
        ('[{"a":1}]\n[{"b":2}]', [(1, ONE), (2, TWO)]),
        ('{"statements":[{"a":1}],"statements":[{"b":2}]}', [(1, ONE), (2, TWO)]),
        ('{"verb":{},"data":[1]}', [(1, {"verb": {}, "data": [1]})]),
        ("[1, true, null]", [(1, 1), (2, True), (3, None)]),
        ('{"a":0,"a":1}', [(1, ONE)]),
        ("", []),
        (" \n\n", []),
        ("[]", []),
        ('{"statements":[]}', []),
    ],
)
def test_a_file_is_read_in_each_form_that_events_are_saved_in(tmp_path, content, records):
    assert told(read(tmp_path, content)) == records


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ('{"a":1}\n{"a":\n{"b":2}\n', [(1, ONE), (2, BREAKS), (3, TWO)]),
        ('{"a":1}\nplainly not\n{"b":2}\n', [(1, ONE), (2, NO_JSON), (3, TWO)]),
        ('{"a":"tex\n{"b":2}\n', [(1, BREAKS), (2, TWO)]),
        ('{"a"\n{"b":2}\n', [(1, BREAKS), (2, TWO)]),
        ('[object Object]\n{"b":2}\n', [(1, NO_JSON), (2, TWO)]),
        ('null\n{"b":2}\n', [(1, None), (2, TWO)]),
        ('{"a":1}\n{"b":', [(1, ONE), (2, BREAKS)]),
        (LONG + '\n{"b":2}\n', [(1, "a number has too many digits"), (2, TWO)]),
        (DEEP + '\n{"b":2}\n', [(1, "the JSON is nested too deep"), (2, TWO)]),
    ],
)
def test_a_broken_line_costs_only_that_line(tmp_path, content, records):
    assert told(read(tmp_path, content)) == records


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ('[{"a":1},{"b":', [(1, ONE), (2, BREAKS)]),
        ('[{"a":1}', [(1, ONE), (2, BREAKS)]),
        ('[{"a":1},{"b" 2},{"b":2},{"b":2}]', [(1, ONE), (2, NO_JSON)]),
        ('[{"a":1}},{"b":2}]', [(1, ONE), (2, NO_JSON)]),
        ('{"more":"","statements":[{"a":1},{"b":2', [(1, ONE), (2, BREAKS)]),
        ('{"statements":[\n{"a":1},\n{"b":2},\n', [(1, ONE), (2, TWO), (3, BREAKS)]),
        ('{"statements":[{"a":1}],"mo', [(1, ONE), (2, BREAKS)]),
        ('{"more":"","statements":', [(1, BREAKS)]),
        ('{\n "a": 1,\n', [(1, BREAKS)]),
        ('{"a":1}{"b":2', [(1, ONE), (2, BREAKS)]),
    ],
)
def test_what_came_before_the_damage_is_kept_and_the_rest_is_one_record(tmp_path, content, records):
    assert told(read(tmp_path, content)) == records


@pytest.mark.parametrize("page", ["[%s]", '{"statements":[%s]}', '{"more":"","batch":[%s],"sentAt":""}'])
@pytest.mark.parametrize("bad", [LONG, DEEP])
def test_an_element_that_cannot_be_held_costs_only_itself(tmp_path, page, bad):
    records = read(tmp_path, page % f'{{"a":1}},{bad},{{"b":2}}')
    assert [(r.number, r.fault is None) for r in records] == [(1, True), (2, False), (3, True)]


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b'\xef\xbb\xbf[{"a":1}]', [(1, ONE)]),
        (b'\xef\xbb\xbf{"a":1}\r\n\xef\xbb\xbf{"b":2}\r\n', [(1, ONE), (2, TWO)]),
        ('{"a":1}\n{"b":2}\n'.encode("utf-16"), [(1, ONE), (2, TWO)]),
        (b'{"a":"\xff"}\n{"b":2}\n', [(1, {"a": "�"}), (2, TWO)]),
        (b'{"a":1}\n\xff\xfe\n{"b":2}\n', [(1, ONE), (2, NO_JSON), (3, TWO)]),
        (b"\x00\x01\x02", [(1, NO_JSON)]),
    ],
)
def test_bytes_that_are_no_text_cost_only_what_they_damage(tmp_path, content, records):
    assert told(read(tmp_path, content)) == records


def test_endless_nesting_is_given_up_at_once(tmp_path):
    began = time.monotonic()
    values = read(tmp_path, '{"a":1}\n' + "[" * 2_000_000 + '\n{"b":2}\n')
    assert told(values) == [(1, ONE), (2, "the JSON is nested too deep"), (3, TWO)]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("form", ["%s\n%s", "[%s,%s]", '{"more":"","statements":[%s,%s]}', '{"statements":[%s,%s]}'])
def test_records_larger_than_a_block_are_read_whole(tmp_path, form, monkeypatch):
    monkeypatch.setattr(json_text, "BLOCK_BYTES", 16)
    first, second = {"a": list(range(200)), "é": "ø" * 50}, {"b": -12.5e-3, "c": [True, None, '\\"\u2028']}
    texts = json.dumps(first, ensure_ascii=False), json.dumps(second, ensure_ascii=False)
    assert [value.value for value in read(tmp_path, form % texts)] == [first, second]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 7, 64])
def test_where_blocks_end_changes_nothing(tmp_path, block, monkeypatch):
    monkeypatch.setattr(json_text, "BLOCK_BYTES", block)
    content = '[12345, -1.5e3, true, "\\u00e9\\n", {"a": [1, 2]}, Infinity, null]'
    assert [value.value for value in read(tmp_path, content)] == json.loads(content)


def test_one_large_element_takes_time_in_proportion(tmp_path):
    def seconds(count: int) -> float:
        content = json.dumps([{"a": ["x" * 100] * count}, ONE])
        began = time.perf_counter()
        assert len(read(tmp_path, content)) == 2
        return time.perf_counter() - began

    assert seconds(160_000) < 16 * seconds(40_000) + 1  # four times as much


def test_a_value_that_no_memory_holds_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(json_text, "_MOST_CHARS", 1 << 16)
    values = read(tmp_path, '[{"a":1},{"b":"' + "x" * 4_000_000)
    assert told(values) == [(1, ONE), (2, "one value is larger than 128 MB")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("fog", "fog"),
        (7, "7"),
        (7.0, "7"),
        (7.5, None),
        (True, None),
        (float("nan"), None),
        ([], None),
        ("\ud800", "?"),
    ],
)
def test_ids_are_text_or_whole_numbers(value, text):
    assert word(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [("12.5", 12.5), (" 3 ", 3.0), ("1e2", 100.0), (2, 2.0), ("-1", -1.0), ("Infinity", None), (None, None)],
)
def test_numbers_may_be_written_as_text(value, found):
    assert number(value, "x") == found


@pytest.mark.parametrize("value", ["1_000", "\u0663", "0x10", "1,5", "12s", True, False, [], {}])
def test_what_only_looks_like_a_number_is_none(value):
    with pytest.raises(UnreadableError, match="x is not a number"):
        number(value, "x")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        list(json_values(tmp_path / "none.json"))
    with pytest.raises(InputError, match="cannot be read"):
        list(json_values(tmp_path))


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK\x03\x04{", b'{"name":"x"}', b"[1,2]", b'{"verb":{"id', b"{"]
)
def test_a_file_of_something_else_is_not_recognised(tmp_path, content):
    path = tmp_path / "events.json"
    path.write_bytes(content)
    assert recognise(path) is None
    assert recognise(tmp_path) is None
    assert recognise(tmp_path / "none.json") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
NO_FIXTURE_RESET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@NO_FIXTURE_RESET
@given(records=st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), min_size=1, max_size=4))
def test_what_was_written_comes_back(tmp_path, records):
    lines = read(tmp_path, "\n".join(json.dumps(record) for record in records))
    array = read(tmp_path, json.dumps(records, indent=1))
    assert repr([value.value for value in array]) == repr(json.loads(json.dumps(records)))
    if not any(key in record for key in ("statements", "batch", "data") for record in records):
        assert repr([value.value for value in lines]) == repr([value.value for value in array])


@NO_FIXTURE_RESET
@given(
    content=st.binary(max_size=60)
    | st.lists(st.sampled_from([*'{}[]:,"\n\\ 1-e', '{"a":1}', '"statements":', "true"]), max_size=25).map(
        lambda parts: "".join(parts).encode()
    )
)
def test_no_content_makes_a_reader_fail(tmp_path, content):
    values = read(tmp_path, content)
    path = tmp_path / "events.json"
    assert recognise(path) is None
    for form in Format:
        (rows,) = batches(path, form)
        assert rows.columns.num_rows == len(rows.line) == len(rows.reject) == len(values)
        assert tuple(rows.columns.column_names) == PROVIDES[form]
