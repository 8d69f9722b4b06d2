"""Which farms exist, and opening one by its name.

Ours are named here; a third party's is an entry point of the group ``onepiece.farms`` whose object is a FarmFactory::

    [project.entry-points."onepiece.farms"]
    flamenco = "studio_farms.flamenco:open_farm"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from onepiece_core.errors import FarmConfigurationError, FarmUnknown, OnePieceError
from onepiece_core.farm.protocol import Farm, FarmFactory, FarmSetup

GROUP = "onepiece.farms"

# In the order in which people are shown them.
OURS: Mapping[str, str] = {
    "local": "onepiece_core.farm.engines.local",
    "slurm": "onepiece_core.farm.engines.slurm",
    "deadline_cloud": "onepiece_core.farm.engines.deadline_cloud",
    "opencue": "onepiece_core.farm.engines.opencue",
    "mock": "onepiece_core.farm.engines.mock",
}


@dataclass(frozen=True, slots=True)
class FarmNotOpened:
    """A farm that exists by name and cannot be used here, and why."""

    name: str
    error: OnePieceError


class Farms:
    """The farms of one process, each opened when it is first asked for and then kept."""

    def __init__(self, state_dir: Path, options: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]) -> None:
        """``options``: the table ``farms`` of the settings. Nothing is opened yet."""
        self._state_dir, self._options, self._environ = state_dir, options, environ
        self._opened: dict[str, Farm] = {}

    def get(self, name: str) -> Farm:
        """Raises FarmUnknown, FarmConfigurationError, or ExtraMissing for a farm whose package is not installed."""
        farm = self._opened.get(name)
        if farm is None:
            factory = _factories().get(name)
            if factory is None:
                raise FarmUnknown(f"There is no farm called {name!r}", farm=name, farms=sorted(_factories()))
            farm = self._opened[name] = self._open(name, factory)
        return farm

    def each(self) -> Iterator[Farm | FarmNotOpened]:
        """Every farm that exists, ours first."""
        for name in _factories():
            try:
                yield self.get(name)
            except OnePieceError as error:
                yield FarmNotOpened(name, error)

    def _open(self, name: str, load: Callable[[], FarmFactory]) -> Farm:
        setup = FarmSetup(self._state_dir / "farms" / name, self._options.get(name, {}), self._environ)
        try:
            return load()(setup)
        except OnePieceError:
            raise
        except Exception as cause:  # a third party's code: its mistake is not ours, and the other farms go on
            raise FarmConfigurationError(
                f"The farm {name} cannot be opened: {type(cause).__name__}: {cause}", farm=name
            ) from cause


def _factories() -> dict[str, Callable[[], FarmFactory]]:
    """Name -> what loads its factory; ours cannot be replaced by a third party's."""
    ours: dict[str, Callable[[], FarmFactory]] = {name: _ours(module) for name, module in OURS.items()}
    theirs: dict[str, Callable[[], FarmFactory]] = {point.name: point.load for point in entry_points(group=GROUP)}
    return ours | {name: theirs[name] for name in sorted(theirs) if name not in ours}


def _ours(module: str) -> Callable[[], FarmFactory]:
    def load() -> FarmFactory:
        factory: FarmFactory = import_module(module).open_farm
        return factory

    return load
