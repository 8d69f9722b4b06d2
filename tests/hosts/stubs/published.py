"""A published stub (``.pyi``), read with ast: each function's overloads, each class, each value."""

from __future__ import annotations

import ast
import functools
import inspect
import site
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PLAIN = {"str": str, "bytes": bytes, "bool": bool, "int": int, "float": (int, float), "None": type(None)}


@dataclass(frozen=True)
class Overload:
    """One way to call something."""

    signature: inspect.Signature
    annotations: dict[str, ast.expr]


@dataclass
class StubFunction:
    """``kind``: plain, static, class, property."""

    name: str
    kind: str = "plain"
    overloads: list[Overload] = field(default_factory=list)

    def check(self, arguments: Sequence[Any], keywords: dict[str, Any], find: Callable[[str], Any]) -> None:
        """Raises TypeError when no overload takes these arguments."""
        wrong = []
        for overload in self.overloads:
            try:
                bound = overload.signature.bind(*arguments, **keywords)
            except TypeError as error:
                wrong.append(str(error))
                continue
            misfit = next(_misfits(overload, bound, find), None)
            if misfit is None:
                return
            wrong.append(misfit)
        raise TypeError(f"{self.name}: {'; '.join(dict.fromkeys(wrong))}")


@dataclass
class StubClass:
    name: str
    bases: tuple[str, ...]
    methods: dict[str, StubFunction] = field(default_factory=dict)
    values: dict[str, ast.expr | None] = field(default_factory=dict)


@dataclass
class Stub:
    """What a module has."""

    functions: dict[str, StubFunction] = field(default_factory=dict)
    classes: dict[str, StubClass] = field(default_factory=dict)
    values: dict[str, ast.expr | None] = field(default_factory=dict)

    def names(self) -> set[str]:
        return {*self.functions, *self.classes, *self.values}

    def with_corrections(self, other: Stub) -> Stub:
        """``other``'s functions, methods and values over these."""
        classes = dict(self.classes)
        for name, right in other.classes.items():
            known = classes.get(name, StubClass(name, right.bases))
            classes[name] = StubClass(
                name, known.bases, {**known.methods, **right.methods}, {**known.values, **right.values}
            )
        return Stub({**self.functions, **other.functions}, classes, {**self.values, **other.values})


def packages_folder(name: str) -> Path:
    """Where the stub package ``name`` is installed."""
    return next(Path(place, name) for place in site.getsitepackages() if Path(place, name).is_dir())


@functools.cache
def read_stub(path: Path) -> Stub:
    """The stub at ``path``, with what it takes from its neighbours by ``from .x import``."""
    return read_text(path.read_text(encoding="utf-8"), path.parent)


def read_text(text: str, folder: Path | None = None) -> Stub:
    """The stub with this text."""
    stub = Stub()
    for node in _statements(ast.parse(text).body):
        _take(stub, node, folder)
    return stub


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _statements(node.body)
        else:
            yield node


def _take(stub: Stub, node: ast.stmt, folder: Path | None) -> None:
    if isinstance(node, ast.FunctionDef):
        _add(stub.functions, node, is_method=False)
    elif isinstance(node, ast.ClassDef):
        stub.classes[node.name] = _class(node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        stub.values[node.target.id] = node.value
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        same = stub.functions.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if same:
            stub.functions[node.targets[0].id] = same
    elif isinstance(node, ast.ImportFrom) and node.level == 1 and node.module and folder:
        _take_import(stub, node, read_stub(folder / f"{node.module}.pyi"))


def _take_import(stub: Stub, node: ast.ImportFrom, other: Stub) -> None:
    wanted = {alias.name for alias in node.names}
    for mine, theirs in ((stub.functions, other.functions), (stub.classes, other.classes), (stub.values, other.values)):
        mine.update({name: one for name, one in theirs.items() if wanted == {"*"} or name in wanted})  # type: ignore[attr-defined]


def _class(node: ast.ClassDef) -> StubClass:
    made = StubClass(node.name, tuple(base.id for base in node.bases if isinstance(base, ast.Name)))
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef):
            _add(made.methods, inner, is_method=True)
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            made.values[inner.target.id] = inner.value
    return made


def _add(functions: dict[str, StubFunction], node: ast.FunctionDef, is_method: bool) -> None:
    marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
    kind = next((kind for kind in ("static", "class") if f"{kind}method" in marks), "plain")
    if node.name.startswith("__"):
        kind = "plain"  # a stub that calls __init__ a class method is wrong
    if "property" in marks:
        kind = "property"
    known = functions.get(node.name)
    if known is None or "overload" not in marks:
        known = functions[node.name] = StubFunction(node.name, kind)
    known.overloads.append(_overload(node.args, without_first=is_method and kind != "static"))


def _overload(arguments: ast.arguments, without_first: bool) -> Overload:
    Kind = inspect.Parameter
    positional = [*arguments.posonlyargs, *arguments.args]
    undefaulted = len(positional) - len(arguments.defaults)
    parameters = []
    for number, one in enumerate(positional):
        kind = Kind.POSITIONAL_ONLY if number < len(arguments.posonlyargs) else Kind.POSITIONAL_OR_KEYWORD
        parameters.append(Kind(one.arg, kind, default=Kind.empty if number < undefaulted else ...))
    if without_first:
        parameters = parameters[1:]
    if arguments.vararg:
        parameters.append(Kind(arguments.vararg.arg, Kind.VAR_POSITIONAL))
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parameters.append(Kind(one.arg, Kind.KEYWORD_ONLY, default=Kind.empty if default is None else ...))
    if arguments.kwarg:
        parameters.append(Kind(arguments.kwarg.arg, Kind.VAR_KEYWORD))
    named = [*positional, *arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
    return Overload(inspect.Signature(parameters), {one.arg: one.annotation for one in named if one.annotation})


def _misfits(overload: Overload, bound: inspect.BoundArguments, find: Callable[[str], Any]) -> Iterator[str]:
    for name, value in bound.arguments.items():
        kind = overload.signature.parameters[name].kind
        given: Iterable[Any] = (value,)
        if kind is inspect.Parameter.VAR_POSITIONAL:
            given = value
        elif kind is inspect.Parameter.VAR_KEYWORD:
            given = value.values()
        for one in given:
            if not fits(overload.annotations.get(name), one, find):
                yield f"{name} cannot be {one!r}"


def fits(annotation: ast.expr | None, value: Any, find: Callable[[str], Any]) -> bool:
    """Whether a value may be what the annotation says; an annotation that is not understood takes anything."""
    if isinstance(annotation, ast.Constant):
        if isinstance(annotation.value, str):
            return fits(ast.parse(annotation.value, mode="eval").body, value, find)
        return annotation.value is not None or value is None
    if isinstance(annotation, ast.Name):
        kind = _PLAIN.get(annotation.id) or find(annotation.id)
        return kind is None or isinstance(value, kind)
    if isinstance(annotation, ast.BinOp):
        return fits(annotation.left, value, find) or fits(annotation.right, value, find)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.value, ast.Name):
        return _fits_generic(annotation.value.id, annotation.slice, value, find)
    return True


def _fits_generic(name: str, inner: ast.expr, value: Any, find: Callable[[str], Any]) -> bool:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Union":
        return any(fits(part, value, find) for part in parts)
    if name == "Optional":
        return value is None or fits(inner, value, find)
    if name == "Queryable":  # in maya-stubs: a flag that is True while it is queried
        return isinstance(value, bool) or fits(inner, value, find)
    if name == "Multiuse":  # in maya-stubs: a flag that may be given several times, as a list
        return isinstance(value, list | tuple) or fits(inner, value, find)
    if name == "Literal":
        return any(isinstance(part, ast.Constant) and part.value == value for part in parts)
    if name == "Callable":
        return callable(value)
    if name in {"List", "Sequence", "Tuple", "list", "tuple"}:
        return isinstance(value, list | tuple)
    return True
