"""Fake host modules made of published stubs, for hosts that cannot be run here.

A name that the stub does not have is refused with AttributeError, a call that binds to no overload with TypeError, an
invented attribute with AttributeError; real API that the fake does not model raises NotImplementedError. So a test
fails for a call that the host does not have. It proves names and shapes of calls, not what they do.

A fake is a *model*: for functions an object whose public methods carry their names, for classes one class each. A
model that has a public name which the stub lacks is refused when the module is made.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.hosts.stubs.published import Stub, StubClass, StubFunction

MakeValue = Callable[[str, str], Any]


class Guard:
    """One module's names.

    Args:
        functions: what carries the module's functions out.
        classes: by the stub's name, what carries their methods out: a class, or an object for a class of static ones.
        values: what the module's values are.
        make_value: makes a class's value (a constant of an enum); None leaves those of the stub alone.
        is_on: without it nothing is refused, and what is not modelled is Anything: what a plain mock would let pass.
    """

    def __init__(
        self,
        name: str,
        stub: Stub,
        functions: object = None,
        classes: Mapping[str, Any] | None = None,
        values: Mapping[str, Any] | None = None,
        make_value: MakeValue | None = None,
        is_on: bool = True,
    ) -> None:
        self.name, self.stub, self.is_on = name, stub, is_on
        self._functions, self._models, self._values = functions, dict(classes or {}), dict(values or {})
        self._make_value = make_value
        self._made: dict[str, Any] = {}
        invented = {*_public(functions), *self._models, *self._values} - stub.names()
        for model, one in self._models.items():
            known = _names_of(stub, model)
            invented |= {f"{model}.{public}" for public in _public(one) if public not in known}
        if invented:
            raise LookupError(f"the fake of {name} invents {sorted(invented)}")

    def find(self, name: str) -> Any:
        """What the module has under ``name``."""
        if name not in self._made:
            self._made[name] = self._find(name)
        return self._made[name]

    def make(self, class_name: str, **state: Any) -> Any:
        """An object as the host would give it; ``state`` are private attributes."""
        kind = self.find(class_name)
        made = kind.__new__(kind)
        for name, value in state.items():
            object.__setattr__(made, name, value)
        return made

    def _find(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name in self.stub.classes:
            return self._class(self.stub.classes[name])
        if name in self.stub.functions:
            function = self.stub.functions[name]
            return self._guarded(function, getattr(self._functions, name, None), f"{self.name}.{name}")
        if not self.is_on:
            return Anything()
        if name in self.stub.values:
            raise NotImplementedError(f"{self.name}.{name} is there, but the fake does not model it")
        raise AttributeError(f"module {self.name!r} has no attribute {name!r}")

    def _type(self, name: str) -> Any:
        return self.find(name) if name in self.stub.classes else None

    def _guarded(self, stub: StubFunction, carry_out: Any, label: str, is_bound: bool = True) -> Any:
        @functools.wraps(carry_out or (lambda: None))
        def call(*arguments: Any, **keywords: Any) -> Any:
            if not self.is_on:
                return _lenient(carry_out, arguments, keywords)
            stub.check(arguments if is_bound else arguments[1:], keywords, self._type)
            if carry_out is None:
                raise NotImplementedError(f"{label} is there, but the fake does not model it")
            try:
                inspect.signature(carry_out).bind(*arguments, **keywords)
            except TypeError as error:
                raise NotImplementedError(f"the fake does not model {label} with {arguments} {keywords}") from error
            return carry_out(*arguments, **keywords)

        call.__name__ = stub.name
        return call

    def _class(self, stub: StubClass) -> type:
        bases = [self.find(base) if base in self.stub.classes else _builtin(base) for base in stub.bases]
        bases = [base for base in bases if base is not None]
        model = self._models.get(stub.name)
        space: dict[str, Any] = {"__module__": self.name, "_guard_names": _names_of(self.stub, stub.name)}
        space["_guard_is_on"] = self.is_on
        if isinstance(model, type):
            space.update({name: value for name, value in vars(model).items() if _is_kept(name)})
        is_error = any(issubclass(base, Exception) for base in bases)
        for name, function in {**self._of_bases(stub, _public(model)), **stub.methods}.items():
            if name == "__init__" and is_error:
                continue  # raised by the fakes, with a message
            if name.startswith("__") and name not in {"__init__", "__getitem__", "__len__", "__iter__", "__contains__"}:
                continue
            space[name] = self._method(stub.name, function)
        if self._make_value:
            for name in stub.values.keys() - {"thisown", "__swig_destroy__"}:
                space[name] = self._make_value(stub.name, name)
        else:
            space.update({n: v.value for n, v in stub.values.items() if isinstance(v, ast.Constant) and v.value != ...})
        return _Guarded(stub.name, tuple(bases), space)

    def _method(self, owner: str, function: StubFunction) -> Any:
        label = f"{self.name}.{owner}.{function.name}"
        model = self._models.get(owner)
        carry_out = getattr(model, function.name, None) if function.name in _names_in(model) else None
        if carry_out is None:
            carry_out = self._inherited(owner, function.name)
        if function.kind in {"static", "class"}:
            return staticmethod(self._guarded(function, carry_out, label))
        if function.kind == "property":
            return property(self._guarded(function, carry_out, label, is_bound=False))
        return self._guarded(function, carry_out, label, is_bound=False)

    def _of_bases(self, stub: StubClass, names: set[str]) -> dict[str, StubFunction]:
        """Methods that a model carries out in its own way, though only a base of the class names them."""
        found: dict[str, StubFunction] = {}
        for base in reversed([self.stub.classes[one] for one in stub.bases if one in self.stub.classes]):
            found.update(self._of_bases(base, names))
            found.update({name: one for name, one in base.methods.items() if name in names})
        return found

    def _inherited(self, owner: str, name: str) -> Any:
        for base in self.stub.classes[owner].bases:
            if base in self.stub.classes:
                model = self._models.get(base)
                if name in _names_in(model):
                    return getattr(model, name)
                if found := self._inherited(base, name):
                    return found
        return None


class _Guarded(type):
    """The type of guarded classes: knows what is real but not modelled."""

    _guard_names: set[str]
    _guard_is_on: bool

    def __getattr__(cls, name: str) -> Any:
        return _refuse(cls, name)

    def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> Any:
        def __getattr__(self: Any, wanted: str) -> Any:
            return _refuse(type(self), wanted)

        def __setattr__(self: Any, wanted: str, value: Any) -> None:
            kind = type(self)
            if kind._guard_is_on and not wanted.startswith("_") and wanted not in kind._guard_names:
                raise AttributeError(f"{name!r} object has no attribute {wanted!r}")
            object.__setattr__(self, wanted, value)

        return super().__new__(mcs, name, bases, {"__getattr__": __getattr__, "__setattr__": __setattr__, **space})


def _refuse(owner: Any, name: str) -> Any:
    if not owner._guard_is_on:
        return Anything()
    if name in owner._guard_names:
        raise NotImplementedError(f"{owner.__name__}.{name} is there, but the fake does not model it")
    raise AttributeError(f"{owner.__name__!r} has no attribute {name!r}")


def _lenient(carry_out: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    try:
        inspect.signature(carry_out).bind(*arguments, **keywords)
    except TypeError:  # also where there is nothing to carry it out
        return Anything()
    return carry_out(*arguments, **keywords)


class Anything:
    """Has every attribute and takes every call: what a fake without a guard would be."""

    def __getattr__(self, name: str) -> Any:
        return Anything()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return Anything()

    def __instancecheck__(self, one: Any) -> bool:
        return False


class GuardedModule(types.ModuleType):
    """A module whose names a Guard gives out."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(guard.name)
        self.__dict__["_guard"] = guard

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self.__dict__["_guard"].find(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__["_guard"].is_on and not name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} to set")
        super().__setattr__(name, value)


def package(name: str, **modules: types.ModuleType) -> types.ModuleType:
    """A package with nothing but these modules."""
    made = types.ModuleType(name)
    made.__path__ = []
    for child, module in modules.items():
        setattr(made, child, module)
    return made


@contextmanager
def installed(modules: Mapping[str, types.ModuleType], adapter: str) -> Iterator[None]:
    """The fakes in ``sys.modules``; afterwards they and all of ``adapter`` (a package) are gone again."""
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name in modules or f"{name}.".startswith(f"{adapter}.")]:
            del sys.modules[name]
        owner, _, child = adapter.rpartition(".")
        if hasattr(sys.modules.get(owner), child):
            delattr(sys.modules[owner], child)


def _names_in(model: Any) -> set[str]:
    if model is None:
        return set()
    return set(vars(model)) if isinstance(model, type) else set(dir(type(model)))


def _public(model: Any) -> set[str]:
    return {name for name in _names_in(model) if not name.startswith("_")}


def _names_of(stub: Stub, name: str) -> set[str]:
    one = stub.classes.get(name)
    if one is None:
        return set()
    above = [_names_of(stub, base) for base in one.bases]
    return set().union(one.methods, one.values, *above)


def _is_kept(name: str) -> bool:
    return name.startswith("_") and name not in {"__dict__", "__weakref__", "__module__", "__doc__", "__qualname__"}


def _builtin(name: str) -> type | None:
    return {"Exception": Exception, "RuntimeError": RuntimeError}.get(name)
