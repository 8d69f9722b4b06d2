"""Starting is cheap: a command loads what it uses and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from onepiece_cli.lazy import COMMANDS
from onepiece_cli.reference.commands import list_commands
from tests.cli.conftest import Cli

HEAVY = {"boto3", "botocore", "shotgun_api3", "fastapi", "opentimelineio", "OpenImageIO", "av", "numpy", "starlette"}

# Runs several command lines in one process: what none of them may load is loaded by none.
_SCRIPT = """
import json, sys
from onepiece_cli.__main__ import main
statuses = []
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line
    try:
        statuses.append(main())
    except SystemExit as end:
        statuses.append(end.code)
print(json.dumps({"statuses": statuses, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def modules_after(env: dict[str, str], *lines: list[str]) -> set[str]:
    command = [sys.executable, "-c", _SCRIPT, json.dumps(lines)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert set(told["statuses"]) <= {0}
    return set(told["modules"])


def test_the_version_is_told_before_typer_is_imported(env: dict[str, str]):
    loaded = modules_after(env, ["--version"], ["-V"])
    assert not loaded & ({"typer", "click", "rich", "pydantic", "json5"} | HEAVY)


def test_the_help_of_every_command_imports_nothing_heavy(env: dict[str, str]):
    groups = {command.path.split()[0] for command in list_commands() if " " in command.path}
    lines = [["--help"], *([group, "--help"] for group in sorted(groups))]
    lines += [[*command.path.split(), "--help"] for command in list_commands()]
    assert not modules_after(env, *lines) & HEAVY


def test_the_first_help_loads_no_models(env: dict[str, str]):
    assert not modules_after(env, ["--help"]) & ({"pydantic", "tomllib", "sqlite3", "urllib3"} | HEAVY)


def test_help_names_every_command(cli: Cli):
    shown = cli("--help")
    assert shown.status == 0
    assert all(name in shown.out for name in COMMANDS)
    assert cli().out == shown.out, "without a command the help is shown"


def test_the_version_is_one_line(cli: Cli):
    told = cli("--version")
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("onepiece ")
    assert cli("--verbose", "--version").out == told.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("onepiece ver", "verify"),
        ("onepiece dcc op", "open-shot"),
        ("onepiece dcc publish --scene-n", "--scene-name"),
        ("onepiece render sub", "submit"),
        ("onepiece server credentials ro", "rotate"),
    ],
)
def test_the_shell_completes(typed: str, offered: str, cli: Cli):
    asked = {"_ONEPIECE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    assert offered in cli(env=asked).out.split()


def test_a_reader_that_goes_away_is_no_error(env: dict[str, str]):
    command = [sys.executable, "-m", "onepiece_cli", "profile", "--show-sources"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
