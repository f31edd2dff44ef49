"""The house is in order: style, types, import directions, sizes of rooms, words, and documents that match the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "analyzer").rglob("*.py"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()


def runs_clean(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_style_is_clean():
    runs_clean("ruff", "check", ".")


def test_formatting_is_clean():
    runs_clean("ruff", "format", "--check", ".")


def test_types_are_strict():
    runs_clean("mypy")


def test_rooms_import_only_rooms_above_them():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_in_the_package_imports_its_root():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert "analyzer" not in [alias.name for alias in node.names], path
            if isinstance(node, ast.ImportFrom) and node.module == "analyzer":
                assert path.name == "cli.py", path
                assert {alias.name for alias in node.names} <= {"cli_text", "cli_progress"}


def test_the_top_level_holds_what_it_should():
    tops = {name.split("/")[0] for name in TRACKED}
    allowed = {"pyproject.toml", "README.md", "analyzer", "models", "tests", "docs"}
    assert {name for name in tops if not name.startswith(".")} <= allowed


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_is_larger_than_a_room(path):
    assert path.read_text().count("\n") <= 400


def test_no_module_is_a_drawer_for_everything():
    assert not {path.stem for path in MODULES} & {"utils", "util", "helpers", "common", "misc"}


def test_functions_are_short_and_nothing_is_guarded_by_assert():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Assert), f"{path}:{node.lineno}"
            if isinstance(node, ast.FunctionDef):
                doc = node.body[0] if isinstance(node.body[0], ast.Expr) else None
                body = node.end_lineno - node.lineno - (doc.end_lineno - doc.lineno + 1 if doc else 0)
                assert body <= 50, f"{path}:{node.lineno} {node.name} has {body} lines"


JUDGEMENTS = r"obsess|addict|abnormal|anomal|weird|suspicious|suffer[s]? from|special needs|outlier user"


@pytest.mark.parametrize(
    "path", [*MODULES, *PAGES, ROOT / "analyzer/policy/default.toml"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_no_text_judges_viewers(path):
    found = re.findall(JUDGEMENTS, path.read_text(), re.IGNORECASE)
    assert not found


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_in_the_docs_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_reference_pages_are_those_that_the_code_writes(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "docs/reference/generate.py", tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for page in sorted(tmp_path.glob("*.md")):
        assert page.read_text() == (ROOT / "docs/reference" / page.name).read_text(), page.name


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [
        re.split(r"[<>=\[]", spec)[0]
        for spec in project["dependencies"] + [s for extra in project["optional-dependencies"].values() for s in extra]
    ]
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    named = [name for name in names if name not in reasons and not name.endswith("-stubs")]
    assert not named


def test_the_feature_of_the_how_to_works():
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/how-to/add-a-feature.md").read_text(), re.DOTALL)[1]
    check = """
import analyzer
from analyzer.sessions.synthetic import Population, synthesize
vectors = analyzer.extract_features(synthesize(Population(60, days=28))[0])
hours = vectors["different_start_hours"]
assert hours.between(1, 24).all() and hours.max() > 3
"""
    done = subprocess.run([sys.executable, "-c", code + check], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_gate_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text()
    command = re.search(r"<!-- test command -->\n```sh\n(.*?)```", readme, re.DOTALL)[1].strip()
    assert command == "sh .ci/setup test && .venv/bin/python -m pytest -n 2"
    assert "<!-- test command -->" in (ROOT / ".ci/run").read_text()
