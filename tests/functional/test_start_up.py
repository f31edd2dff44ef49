"""Starting costs nothing: what is slow to import waits until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("pandas", "numpy", "pyarrow", "sklearn", "hdbscan", "duckdb", "scipy")
TELL = "; import sys, json; print(json.dumps(sorted(set(sys.modules) & set(sys.argv[1:]))), file=sys.stderr)"
HELP = """
import sys
slow = sys.argv[1:]
sys.argv = ["analyzer", *{args}]
from analyzer.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print(sorted(set(sys.modules) & set(slow)), file=sys.stderr)
"""


def slow_modules_after(code: str, terminal) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *SLOW], capture_output=True, text=True, cwd=terminal.folder, env=terminal.env
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()


def test_importing_the_package_imports_nothing_slow(terminal):
    assert slow_modules_after("import analyzer" + TELL, terminal) == "[]"


@pytest.mark.parametrize("args", [["--help"], ["run", "--help"]], ids=" ".join)
def test_help_imports_nothing_slow(args, terminal):
    assert slow_modules_after(HELP.format(args=args), terminal) == "[]"


def test_a_draft_is_checked_without_loading_what_fits_models(terminal):
    code = HELP.format(args=["check", "The finale is out now."]) + "sys.stderr.flush()"
    assert not {"sklearn", "scipy", "hdbscan", "duckdb"} & set(slow_modules_after(code, terminal).split("'"))


def test_names_are_there_once_they_are_used(terminal):
    code = "import analyzer; assert set(analyzer.__all__) <= set(dir(analyzer)); analyzer.read_sessions" + TELL
    assert "pandas" in slow_modules_after(code, terminal)


def test_an_unknown_name_is_an_attribute_error(terminal):
    code = "import analyzer\ntry: analyzer.red_sessions\nexcept AttributeError as e: assert 'red_sessions' in str(e)\n"
    assert slow_modules_after(code + "else: raise AssertionError", terminal) == ""
