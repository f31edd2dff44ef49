"""Where each value of a TOML text stands; and no mutated rulebook gets past its parser with a traceback."""

from __future__ import annotations

import importlib.util
import os
import tomllib
from pathlib import Path

import pytest

from analyzer.errors import RulebookError
from analyzer.policy.positions import lines_of
from analyzer.policy.rulebook import load_rulebook, parse_rulebook

TEXT = "\n".join(
    (
        '# A comment with [brackets] = "and more"',
        'id = "x" # and after',
        "'quoted key' = 'a # no comment'",
        'dotted . key."with dot.s" = 1',
        'text = """',
        'several "lines" [[rule]]',
        '\\\\""\\" and more"""',
        "literal = '''",
        "''two''",
        "'''",
        "",
        "[[rule]]",
        'id = "first"',
        "any_of = [ # begin",
        '    { feature = "plays", at_least = 4 },',
        "",
        "    # between",
        '    { feature = "titles", at_most = 2 },',
        "]",
        "since = 2026-11-26",
        "",
        "[[rule]] # another",
        "list = [[1, 2], [",
        "  3]]",
        "[rule.inner]",
        "deep.er = true",
        "[[rule.many]]",
        "a = 1",
        "[[rule.many]]",
        "a = 2",
        "[ table . of . tables ]",
        "last = 1_000",
    )
)
EXPECTED = {
    (): 1,
    ("id",): 2,
    ("quoted key",): 3,
    ("dotted",): 4,
    ("dotted", "key", "with dot.s"): 4,
    ("text",): 5,
    ("literal",): 8,
    ("rule",): 12,
    ("rule", 0): 12,
    ("rule", 0, "id"): 13,
    ("rule", 0, "any_of"): 14,
    ("rule", 0, "any_of", 0): 15,
    ("rule", 0, "any_of", 0, "at_least"): 15,
    ("rule", 0, "any_of", 1): 18,
    ("rule", 0, "any_of", 1, "at_most"): 18,
    ("rule", 0, "since"): 20,
    ("rule", 1): 22,
    ("rule", 1, "list", 1): 23,
    ("rule", 1, "list", 1, 0): 24,
    ("rule", 1, "inner"): 25,
    ("rule", 1, "inner", "deep", "er"): 26,
    ("rule", 1, "many", 0, "a"): 28,
    ("rule", 1, "many", 1, "a"): 30,
    ("table", "of"): 31,
    ("table", "of", "tables", "last"): 32,
}


@pytest.mark.parametrize("path", EXPECTED, ids=str)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
def test_each_table_key_and_element_has_the_line_on_which_it_begins(path, newline):
    assert lines_of(TEXT.replace("\n", newline))[path] == EXPECTED[path]


def paths(value, path=()):
    """Every path in parsed TOML: the naive answer to which places there are."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from paths(part, (*path, key))


SHIPPED = (Path(parse_rulebook.__code__.co_filename).parent / "default.toml").read_text("utf-8")


@pytest.mark.parametrize("text", [TEXT, SHIPPED], ids=["the text above", "the shipped rulebook"])
def test_every_value_has_a_place_and_no_place_is_made_up(text):
    lines = lines_of(text)
    assert set(paths(tomllib.loads(text))) == set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def test_the_line_of_each_shipped_rule_holds_its_id():
    lines, text = lines_of(SHIPPED), SHIPPED.split("\n")
    for number, rule in enumerate(load_rulebook().rule):
        assert text[lines["rule", number, "id"] - 1] == f'id = "{rule.id}"'


@pytest.mark.parametrize("text", ["", "\n", "# only", "a = [", "[", "a", '"', "= 3", "a = [1 2]", "[[[[[", "[" * 5_000])
def test_what_is_no_toml_gives_the_places_that_could_be_found_and_never_an_error(text):
    assert lines_of(text)[()] == 1


# The parser of rulebooks, on what no person would write


@pytest.mark.parametrize(
    "text",
    [
        "[" * 999_999,
        "a = " + "[" * 999_000,
        "a = " + "{b = " * 100_000,
        "a." * 300_000 + "a = 1",
        "[[rule]]\n" * 100_000,
        'id = "a"\n[[rule]]\nany_of = [' + "{}," * 150_000 + "]",
        "a = " + "9" * 10_000,
        'a = "' + "x" * 2_000_000 + '"',
        "\ud800",
        "a = 1979-05-27T07:32:99",
    ],
    ids=lambda text: f"{text[:20]!r} and so on, {len(text):,}",
)
def test_what_nobody_would_write_is_refused_at_once(text):
    with pytest.raises(RulebookError) as caught:
        parse_rulebook(text, "mine.toml")
    assert caught.value.cause.startswith("mine.toml ")
    assert caught.value.remedy


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + SHIPPED.replace("\n", "\r\n").encode())
    assert load_rulebook(tmp_path / "mine.toml").hash == load_rulebook().hash


def test_a_file_as_large_as_a_film_is_refused_without_reading_it(tmp_path):
    with (tmp_path / "film.toml").open("wb") as file:
        file.truncate(50 * 1024**3)
    with pytest.raises(RulebookError, match="too large"):
        load_rulebook(tmp_path / "film.toml")


SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/fuzz_rulebook.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_rulebook", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("part", range(4))
def test_every_mutated_rulebook_is_a_rulebook_or_a_list_of_mistakes(fuzz, part):
    """A hundred each time; FUZZ_RULEBOOKS=10000 for more, or tests/benchmarks/fuzz_rulebook.py."""
    count = int(os.environ.get("FUZZ_RULEBOOKS", "400"))
    found = {fuzz.outcome(fuzz.mutated(seed)) for seed in range(part, count, 4)}
    assert {"mistakes", "a rulebook"} <= found <= {"mistakes", "a rulebook", "refused as a whole"}
