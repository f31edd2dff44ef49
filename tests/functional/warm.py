"""A Python process that has done its imports and forks for each command: starting afresh costs seconds a command.

Reads one JSON request a line on stdin, runs `python -m analyzer ARGS` in a fork of its own, prints the exit code.
"""

import json
import os
import resource
import runpy
import signal
import sys
import traceback

import analyzer.report.page
import analyzer.workflow.jobs  # noqa: F401 - the slow imports, made once


def serve() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            command(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def command(asked: dict) -> None:
    for number, name in ((0, os.devnull), (1, asked["stdout"]), (2, asked["stderr"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - lives as long as the process
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    if asked["largest_file"] is not None:
        fill_disk_at(asked["largest_file"])
    sys.argv = ["analyzer", *asked["args"]]
    code = 1
    try:
        runpy.run_module("analyzer", run_name="__main__", alter_sys=False)
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:  # noqa: BLE001 - an interpreter of its own would print this and end with 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def fill_disk_at(size: int) -> None:
    """Make every write beyond `size` bytes of a file fail, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


if __name__ == "__main__":
    serve()
