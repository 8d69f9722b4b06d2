"""Tracker x disk x S3 x journal: four streams, joined, give the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from onepiece_core.reconcile.kept import keep_findings
from onepiece_core.reconcile.located import RootMap
from onepiece_core.reconcile.loose import Side, check_loose
from onepiece_core.reconcile.model import CLASSES, Finding, Looked, ReconcileReport, Scope
from onepiece_core.reconcile.operations import check_disk_claims, check_stored_claim, read_journal, report_abandoned
from onepiece_core.reconcile.packages import Half, Package, check_package
from onepiece_core.reconcile.parts import ReconcileParts, ReconcileRequest, World
from onepiece_core.reconcile.places import find_folders, find_places
from onepiece_core.reconcile.row_checks import check_rows
from onepiece_core.reconcile.rows import Row, load_rows
from onepiece_core.reconcile.streams import iter_folder, iter_place
from onepiece_core.reconcile.units import Item, Unit, units
from onepiece_core.tracker.placing import find_project


def reconcile(request: ReconcileRequest, parts: ReconcileParts) -> ReconcileReport:
    """Compare everything of a project; nothing is changed.

    Raises:
        ProjectMissing, TrackerError: the rows cannot be read.
        StorageUnavailable: the S3 server is away.
        InputMissing, UsageError: a folder or a context that was asked for is not there.
    """
    world = _open(request, parts)
    world.folders = find_folders(world)
    world.places = find_places(world)
    read_journal(world)
    _Comparison(world).run()
    report_abandoned(world)
    check_rows(world)
    report = _report(world)
    keep_findings(parts.journal.folder, report)
    return report


def _open(request: ReconcileRequest, parts: ReconcileParts) -> World:
    project = find_project(parts.tracker, {"name": request.project})
    code = request.show_code
    if code is None:
        row = parts.tracker.find_one("Project", [["id", "is", project["id"]]], ["code"]) or {}
        code = row.get("code") or request.project
    roots = RootMap.of(parts.root_settings, parts.system)
    return World(request, parts, project, code, roots, load_rows(parts.tracker, project, roots, parts.system))


@dataclass(slots=True)
class _Packed:
    """A package's half in S3, kept small until the disk's half comes by."""

    side: Side
    folder: str
    text: str

    @classmethod
    def of(cls, half: Half) -> _Packed:
        lines = (f"{item.path}\t{item.size_bytes}\t{item.mark}" for item in half.files.values())
        return cls(half.side, half.folder, "\n".join(lines))

    def half(self) -> Half:
        rows = (line.rsplit("\t", 2) for line in self.text.split("\n") if line)
        return Half(self.side, self.folder, {path: Item(path, int(size), mark) for path, size, mark in rows})


@dataclass(slots=True)
class _Comparison:
    """The S3 side first, kept by the packages' names; then the disk side, joined with it."""

    world: World
    stored: dict[str, list[_Packed]] = field(default_factory=dict)

    def run(self) -> None:
        for place in self.world.places:
            side = Side(place.uri, place)
            with self._collected(side) as parted:
                for unit in units(iter_place(self.world, place)):
                    if unit.hidden:
                        check_stored_claim(self.world, place, unit.folder, unit.hidden)
                    self._take_stored(side, unit, parted)
        for folder in self.world.folders:
            side = Side(folder, None)
            with self._collected(side) as parted:
                for unit in units(iter_folder(self.world, folder)):
                    if unit.hidden:
                        check_disk_claims(self.world, side.path(unit.folder, ""), unit.hidden)
                    self._take_local(side, unit, parted)
        self._left()

    @contextmanager
    def _collected(self, side: Side) -> Iterator[dict[str, Half]]:
        """Units that may be packages without a manifest, by folder; looked at when the place has been read."""
        parted: dict[str, Half] = {}
        yield parted
        for folder, half in parted.items():
            name = folder.rpartition("/")[2]
            if side.is_disk:
                stored = self._matching(name)
                if stored is not None and stored.has_manifest:
                    check_package(self.world, Package(name, half, stored))
                    continue
                self._loose(half)
            else:
                self.stored.setdefault(name, []).append(_Packed.of(half))

    def _take_stored(self, side: Side, unit: Unit, parted: dict[str, Half]) -> None:
        if unit.is_package:
            half = Half(side, unit.folder, _by_path(unit.items))
            self.stored.setdefault(half.place.rpartition("/")[2], []).append(_Packed.of(half))
        elif not self._put_aside(side, unit, parted):
            check_loose(self.world, side, unit)

    def _take_local(self, side: Side, unit: Unit, parted: dict[str, Half]) -> None:
        if unit.is_package:
            half = Half(side, unit.folder, _by_path(unit.items))
            name = half.place.rpartition("/")[2]
            check_package(self.world, Package(name, half, self._matching(name)))
        elif not self._put_aside(side, unit, parted):
            check_loose(self.world, side, unit)

    def _put_aside(self, side: Side, unit: Unit, parted: dict[str, Half]) -> bool:
        """Whether the unit lies in a folder that is called as a Version is."""
        parts = unit.folder.split("/")
        for depth in range(1, len(parts) + 1):
            if self.world.rows.called(parts[depth - 1]):
                folder = "/".join(parts[:depth])
                below = "/".join(parts[depth:])
                half = parted.setdefault(folder, Half(side, folder))
                for item in unit.items:
                    path = f"{below}/{item.path}" if below else item.path
                    half.files[path] = Item(path, item.size_bytes, item.mark)
                return True
        return False

    def _matching(self, name: str) -> Half | None:
        """The half in S3 of a package on disk."""
        found = self.stored.get(name)
        if not found:
            return None
        half = found.pop(0).half()
        if not found:
            del self.stored[name]
        return half

    def _left(self) -> None:
        """What is in S3 alone."""
        for name, found in self.stored.items():
            for packed in found:
                half = packed.half()
                if half.has_manifest:
                    check_package(self.world, Package(name, None, half))
                else:
                    self._loose(half)

    def _loose(self, half: Half) -> None:
        folders: dict[str, Unit] = {}
        for path, item in half.files.items():
            below, _, name = path.rpartition("/")
            folder = f"{half.folder}/{below}" if below else half.folder
            folders.setdefault(folder, Unit(folder)).items.append(Item(name, item.size_bytes, item.mark))
        for unit in folders.values():
            check_loose(self.world, half.side, unit)


def _by_path(items: Iterable[Item]) -> dict[str, Item]:
    return {item.path: item for item in items}


def _report(world: World) -> ReconcileReport:
    order = list(CLASSES)
    rows = {(row.type, row.id): row for row in world.rows.live}
    found = [each for each in world.findings if _is_in_scope(each, world.request.scope, rows)]
    found.sort(key=lambda each: (order.index(each.code), each.subject))
    looked = Looked(
        rows=len(world.rows.live),
        files=world.files,
        objects=world.objects,
        packages=world.packages,
        operations=world.operations,
        folders=tuple(world.folders),
        places=tuple(place.uri for place in world.places),
    )
    return ReconcileReport(
        project=str(world.project.get("name")),
        show_code=world.show_code,
        site=world.parts.tracker.url,
        scope=world.request.scope,
        looked=looked,
        findings=tuple(found),
        unknown=tuple(world.unknown),
    )


def _is_in_scope(each: Finding, scope: Scope, rows: dict[tuple[str, int], Row]) -> bool:
    """Shots and assets: by what their rows are linked to; versions: what some Version has a part in."""
    if scope == "all":
        return True
    refs = [rows[ref.type, ref.id] for ref in each.rows if (ref.type, ref.id) in rows]
    if scope == "versions":
        return any(row.type == "Version" for row in refs)
    wanted = "Shot" if scope == "shots" else "Asset"
    return any(row.entity is not None and row.entity[0] == wanted for row in refs)
