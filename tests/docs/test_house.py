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


# A class, its parent and its code.
Branch = tuple[str, str, str]


def drawn(text: str) -> Iterator[Branch]:
    """Each line of the tree."""
    above: list[str] = []
    for line in text.splitlines():
        if found := re.fullmatch(r"( {4,})(\w+) +([a-z_.]+)", line):
            del above[(len(found[1]) - 4) // 2 :]
            yield found[2], above[-1] if above else "", found[3]
            above.append(found[2])


def real(kind: type[errors.OnePieceError], parent: str = "") -> Iterator[Branch]:
    yield kind.__name__, parent, kind.code
    for below in kind.__subclasses__():
        if below.__module__.startswith(errors.__name__):
            yield from real(below, kind.__name__)


def test_the_tree_in_the_docstring_is_the_tree_of_classes():
    assert sorted(drawn(errors.__doc__ or "")) == sorted(real(errors.OnePieceError))


def test_every_error_is_found_in_one_place():
    assert {name for name, _, _ in real(errors.OnePieceError)} | {"ErrorReport"} == set(errors.__all__)


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
