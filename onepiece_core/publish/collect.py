"""Find the files that a publish takes, and say what is wrong with them. Nothing is opened, nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from onepiece_core import sequences
from onepiece_core.manifest.package import FOLDERS, ROLES, PackageItem, Role
from onepiece_core.naming import find_collisions, portable_reason
from onepiece_core.publish._walk import Found, Problems, find_file, find_tree
from onepiece_core.rules import discovery
from onepiece_core.rules.finding import Finding
from onepiece_core.sequences import split_extension
from onepiece_core.shown import shown

# Marks and logs that lie beside frames may be empty; frames, scenes and movies may not.
_MAY_BE_EMPTY = frozenset({"", "log", "txt", "done", "ok", "lock", "md5", "csv"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to take, as it was when it was looked at.

    Attributes:
        path: the regular file to read; where the input was a link inside its tree, this is what it points to.
        package_path: POSIX path in the package, ``renders/left/FG_..._v004.1001.exr``.
    """

    path: Path
    package_path: str
    role: Role
    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything that a publish takes. ``files`` is sorted by ``package_path``; ``findings`` are warnings."""

    files: tuple[SourceFile, ...]
    items: tuple[PackageItem, ...]
    findings: tuple[Finding, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def collect_inputs(
    *,
    scene: Path | None = None,
    renders: Sequence[Path] = (),
    previews: Sequence[Path] = (),
    caches: Sequence[Path] = (),
    otio: Path | None = None,
) -> Collected:
    """The files behind the options of a publish.

    Each of ``renders``, ``previews`` and ``caches`` is a folder (taken with its tree), a file, or a pattern
    (``x.%04d.exr``, ``x.####.exr``).

    Raises:
        InputMissing: a path is not there, a pattern matches nothing, a folder holds no file to take.
        InputUnreadable: files or folders may not be read; ``context.paths`` names them.
        InputRefused: a pipe, a link out of the tree, a name that is not portable, two names that collide.
        MediaEmpty: files of zero bytes; ``context.paths`` names them.
        PaddingsMixed: one frame is there under two paddings.
    """
    problems = Problems()
    files = list(_sources("scene", find_file(scene, problems)) if scene else ())
    trees: tuple[tuple[Role, Sequence[Path]], ...] = (("render", renders), ("cache", caches), ("preview", previews))
    for role, paths in trees:
        for path in paths:
            files += _sources(role, find_tree(path, problems))
    files += _sources("otio", find_file(otio, problems)) if otio else ()
    files.sort(key=lambda file: file.package_path)
    _check_names(files, problems)
    _check_sizes(files, problems)
    problems.raise_worst()
    items = tuple(_items(files))
    findings = (
        *discovery.skipped(problems.skipped),
        *discovery.skipped_links(problems.skipped_links),
        *discovery.same_files(_same_files(files)),
        *discovery.gaps(items),
    )
    return Collected(tuple(files), items, findings)


def _sources(role: Role, found: Iterable[Found]) -> Iterator[SourceFile]:
    for relative, path, facts in found:
        package_path = f"{FOLDERS[role]}/{relative}"
        yield SourceFile(Path(path), package_path, role, facts.st_size, facts.st_mtime_ns, facts.st_ino)


def _check_names(files: list[SourceFile], problems: Problems) -> None:
    reasons: dict[str, str | None] = {}  # folders come again and again
    for file in files:
        for part in file.package_path.split("/"):
            if part not in reasons:
                reasons[part] = portable_reason(part)
                if reasons[part]:
                    problems.refused.append((shown(file.package_path), f"the name {shown(part)!r} {reasons[part]}"))
    for before, after in pairwise(files):  # sorted by these paths
        if before.package_path == after.package_path:
            where = f"two inputs have this name: {shown(before.path)} and {shown(after.path)}"
            problems.refused.append((shown(before.package_path), where))
    for one, other in find_collisions(file.package_path for file in files):
        problems.refused.append((shown(one), f"Windows and macOS take it and {shown(other)} for one file"))


def _check_sizes(files: list[SourceFile], problems: Problems) -> None:
    for file in files:
        may_be_empty = file.role == "render" and split_extension(file.path.name)[1].lower() in _MAY_BE_EMPTY
        if file.size_bytes == 0 and not may_be_empty:
            problems.empty.append((shown(file.path), "the file holds no bytes"))


def _same_files(files: list[SourceFile]) -> list[tuple[str, str]]:
    """Pairs that are one file on disk: hard links, and links beside what they point to."""
    first: dict[tuple[int, int, int], str] = {}
    pairs = []
    for file in files:
        # Two disks may give the same inode number, but hardly with the same time stamp.
        other = first.setdefault((file.inode, file.mtime_ns, file.size_bytes), file.package_path)
        if other != file.package_path:
            pairs.append((other, file.package_path))
    return pairs


def _items(files: list[SourceFile]) -> Iterator[PackageItem]:
    """The things to register, with names that are unique in the package and as short as that allows."""
    found = [item for role in ROLES for item in _items_of(role, [f.package_path for f in files if f.role == role])]
    # The base name, else the path below the role's folder, else the path in the package.
    names = [(_last(item.pattern), item.pattern.partition("/")[2], item.pattern) for item in found]
    counts = [Counter(name[length] for name in names) for length in range(2)]
    for item, name in zip(found, names, strict=True):
        short = next((name[length] for length in range(2) if counts[length][name[length]] == 1), name[2])
        yield item.model_copy(update={"name": short})


def _items_of(role: Role, paths: list[str]) -> Iterator[PackageItem]:
    if role in ("scene", "otio"):
        yield from (PackageItem(name=path, role=role, pattern=path) for path in paths)
        return
    scan = sequences.scan(paths)
    for found in scan.sequences:
        if found.tiles:
            yield PackageItem(name=found.pattern, role=role, pattern=found.pattern, files=len(found))
            continue
        yield PackageItem(
            name=found.pattern,
            role=role,
            pattern=found.pattern,
            first=found.first,
            last=found.last,
            frames=found.ranges,
            missing=found.missing,
            files=len(found),
        )
    for path in scan.files:
        yield PackageItem(name=path, role=role, pattern=path)


def _last(path: str) -> str:
    return path.rpartition("/")[2]
