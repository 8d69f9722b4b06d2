"""The house keeps its rules: the drawn tree of errors is the real one, every module says what it is and is short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from onepiece_core import errors

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "onepiece_core",
    "hosts/onepiece_hosts",
    "shelves/onepiece_shelves",
    "cli/onepiece_cli",
    "server/onepiece_server",
)
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 400


def drawn(text: str) -> Iterator[tuple[int, str, str]]:
    """Depth, class and code of each line of the tree."""
    for line in text.splitlines():
        if found := re.fullmatch(r"( {4,})(\w+) +([a-z_.]+)", line):
            yield (len(found[1]) - 4) // 2, found[2], found[3]


def real(kind: type[errors.OnePieceError], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    yield depth, kind.__name__, kind.code
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from real(below, depth + 1)


def test_the_tree_in_the_docstring_is_the_tree_of_classes():
    assert list(drawn(errors.__doc__ or "")) == list(real(errors.OnePieceError))


def test_each_code_stands_for_one_class():
    codes = [code for _, _, code in real(errors.OnePieceError)]
    assert len(codes) == len(set(codes))


def test_there_are_modules_to_look_at():
    assert len(MODULES) > 100


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_and_is_short(package: str):
    silent, long = [], []
    for path in (path for path in MODULES if path.is_relative_to(ROOT / package)):
        text = path.read_text(encoding="utf-8")
        if not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(ROOT)))
        if len(text.splitlines()) > LONGEST:
            long.append(str(path.relative_to(ROOT)))
    assert silent == []
    assert long == []
