"""The reference says everything, and what it says is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_cli.errors import EXIT
from onepiece_cli.lazy import COMMANDS, load
from onepiece_cli.reference.commands import global_options, list_commands
from onepiece_cli.reference.errors import list_errors
from onepiece_cli.reference.pages import outdated, pages, write_pages
from onepiece_cli.reference.rules import NOTICED
from onepiece_cli.reference.settings import list_settings
from onepiece_core import errors
from onepiece_core.config.environment import VARIABLES
from onepiece_core.errors import OnePieceError
from onepiece_core.rules.publish import RULES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def test_the_pages_are_what_the_code_makes():
    assert outdated(REFERENCE) == [], "run: python -m onepiece_cli.reference --write"
    assert {path.name for path in REFERENCE.iterdir()} == set(pages())


def test_a_page_that_was_edited_by_hand_is_found(tmp_path: Path):
    write_pages(tmp_path)
    assert outdated(tmp_path) == []
    (tmp_path / "errors.md").write_text("by hand")
    (tmp_path / "rules.md").unlink()
    assert sorted(outdated(tmp_path)) == ["errors.md", "rules.md"]


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_every_command_has_words_and_examples():
    commands = list_commands()
    assert {command.path.split()[0] for command in commands} == set(COMMANDS)
    for command in commands:
        assert command.help, command.path
        assert command.examples, f"{command.path}: its epilog has no examples"
        assert f"## onepiece {command.path}\n" in page("commands.md")


def test_every_option_has_words():
    for command in list_commands():
        for parameter in command.parameters:
            assert parameter.help.endswith("."), f"{command.path} {parameter.spelling}"
    assert {option.spelling.split()[0].rstrip(",") for option in global_options()} >= {"--config-profile", "--version"}


def parsed_commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands below ``path``, as the parser knows them."""
    if not (inner := getattr(command, "commands", {})):
        yield path, command
    for name, one in inner.items():
        yield from parsed_commands(f"{path} {name}", one)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_and_the_parser_know_the_same_options(name: str):
    real = dict(parsed_commands(name, load(name)))
    documented = {command.path: command for command in list_commands() if command.path.split()[0] == name}
    assert documented.keys() == real.keys()
    for path, command in documented.items():
        spelled = [word for one in command.parameters for word in re.findall(r"--[a-z][\w-]*", one.spelling)]
        spellings = [one for param in real[path].params for one in (*param.opts, *param.secondary_opts)]
        parsed = [spelling for spelling in spellings if spelling.startswith("--")]
        assert sorted(spelled) == sorted(set(parsed) - {"--help"}), path


def test_every_example_names_options_that_exist():
    known = {command.path: command for command in list_commands()}
    for command in known.values():
        spelled = " ".join(one.spelling for one in (*command.parameters, *global_options()))
        for example in command.examples:
            for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", example):
                assert option in spelled, example


def test_every_setting_and_variable_has_words():
    text = page("settings.md")
    settings = list_settings()
    for setting in settings:
        assert setting.help.endswith("."), setting.key
        assert f"`{setting.key}`" in text
    assert {".".join(key) for key in VARIABLES} <= {setting.key for setting in settings}
    for name in [name for names in VARIABLES.values() for name in names] + ["ONEPIECE_PROFILE", "XDG_CONFIG_HOME"]:
        assert f"`{name}`" in text


def test_every_variable_of_ours_in_the_code_is_documented():
    """A variable that somebody reads somewhere and forgets to tell."""
    text = page("settings.md")
    code = [path for folder in ("onepiece_core", "cli") for path in (ROOT / folder).rglob("*.py")]
    used = {name for path in code for name in re.findall(r"[\"'](ONEPIECE_[A-Z_]+)[\"']", path.read_text("utf-8"))}
    assert used
    assert [name for name in sorted(used) if f"`{name}`" not in text] == []


def test_every_error_has_words_and_a_status():
    text = page("errors.md")
    documented = {one.code: one for one in list_errors()}
    assert documented.keys() == {kind.code for kind in kinds()} | {"onepiece.internal"}
    for one in documented.values():
        assert one.meaning.endswith(("...", ".")), one.code
        assert f"`{one.code}`" in text
    for status in EXIT.values():
        assert f"| `{status}` |" in text


def test_every_rule_is_told():
    text = page("rules.md")
    assert all(f"`{name}`" in text for name in [*NOTICED, *(rule.id for rule in RULES)])
    source = (ROOT / "onepiece_core/rules/discovery.py").read_text()
    assert set(re.findall(r'rule="([\w.]+)"', source)) == set(NOTICED)


def kinds(kind: type[OnePieceError] = OnePieceError) -> list[type[OnePieceError]]:
    below = [one for one in kind.__subclasses__() if one.__module__.startswith(errors.__name__)]
    return [kind, *(inner for one in below for inner in kinds(one))]
