"""One bad input: a function that makes it, and what an ingest must say of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from onepiece_core.shown import shown
from tests.support.media import write_exr

SHOW = "FG"
Verdict = Literal["ok", "skipped", "refused"]


@dataclass
class Spot:
    """Where a row makes its files: a folder of its own in a drop.

    Attributes:
        entries: of the drop's manifest, by the names of its columns.
        bad: the paths that the row is about, relative to the drop; every other file of the drop is sound.
        tracked: rows that the tracker has, ``(type, data)``.
    """

    drop: Path
    key: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    bad: set[str] = field(default_factory=set)
    tracked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        folder = self.drop / self.key
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def number(self) -> int:
        return int("".join(c for c in self.key if c.isdigit())[:3])

    @property
    def scene(self) -> str:
        letter = ord(self.key[-1]) - ord("a") + 1 if self.key[-1].isalpha() else 0
        return f"sc{letter:02d}"

    def name(self, version: int = 1, tail: str = "") -> str:
        """A scene's name of this row alone."""
        return f"{SHOW}_ep{self.number:03d}_{self.scene}_0010_comp{tail}_v{version:03d}"

    def frames(self, first: int = 1001, last: int = 1003, **more: Any) -> list[Path]:
        """A sound sequence."""
        name = self.name(**more)
        paths = [self.folder / f"{name}.{frame:04d}.exr" for frame in range(first, last + 1)]
        return [write_exr(path, seed=path.name) for path in paths]

    def still(self, name: str | bytes) -> Path:
        """A sound picture under any name, below folders that are made."""
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_exr(path, seed=os.fsencode(path.name).hex())

    def says(self, path: Path | str, **cells: Any) -> None:
        """An entry of the manifest; ``path`` of a file of this row, or as it stands."""
        relative = path.relative_to(self.drop).as_posix() if isinstance(path, Path) else path
        self.entries.append({"show": SHOW, "version": "1", "delivery_path": relative, **cells})

    def blame(self, *paths: Path) -> None:
        self.bad.update(path.relative_to(self.drop).as_posix() for path in paths)

    def blame_all(self) -> None:
        self.bad.update(entries_of(self.drop, self.folder))


@dataclass(frozen=True)
class Row:
    """What must be said.

    Attributes:
        key: the number of the case, with a letter where it has several.
        verdict: of the files it is about.
        code: said of them, or of the drop as a whole; None: nothing is.
        publish: the code of the error that a publish of the folder ends with; None: it is taken.
        manifest: the bytes of a manifest that is wrong as a whole; such a row cannot share a drop with others.
        asked: more of the request.
    """

    key: str
    what: str
    make: Callable[[Spot], None]
    verdict: Verdict = "refused"
    code: str | None = None
    publish: str | None = None
    is_json: bool = False
    asked: dict[str, Any] = field(default_factory=dict)
    manifest: Callable[[Spot], bytes] | None = None

    @property
    def number(self) -> int:
        return int("".join(c for c in self.key if c.isdigit()))

    @property
    def is_alone(self) -> bool:
        return self.manifest is not None or bool(self.asked)

    def made_in(self, drop: Path) -> Spot:
        spot = Spot(drop, f"r{self.key}")
        self.make(spot)
        if not spot.bad and not spot.entries and self.verdict != "ok":
            spot.blame_all()
        return spot

    def __str__(self) -> str:
        return f"{self.key} {self.what}"


@dataclass
class Rows:
    """Collects the rows of a module."""

    all: list[Row] = field(default_factory=list)

    def __call__(self, key: str, what: str, **said: Any) -> Callable[[Callable[[Spot], None]], Callable[[Spot], None]]:
        def take(make: Callable[[Spot], None]) -> Callable[[Spot], None]:
            self.all.append(Row(key, what, make, **said))
            return make

        return take


def entries_of(root: Path, below: Path | None = None) -> list[str]:
    """Everything that is no folder, relative to ``root``; no link is followed."""
    found = []
    for folder, folders, names in os.walk(below or root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in [*names, *links]]
    return sorted(found)


def shown_entries(root: Path) -> list[str]:
    return sorted(shown(each) for each in entries_of(root))
