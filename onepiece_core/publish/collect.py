"""Find the files that a publish takes, and say what is wrong with them. Nothing is opened, nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.manifest.package import PackageItem, Role
from onepiece_core.rules.finding import Finding


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
    renders: Path | None = None,
    previews: Sequence[Path] = (),
    otio: Path | None = None,
) -> Collected:
    """The files behind the options of a publish.

    ``renders`` is a folder (taken with its tree), a file, or a pattern (``x.%04d.exr``, ``x.####.exr``);
    each of ``previews`` is a file or a folder.

    Raises:
        InputMissing: a path is not there, a pattern matches nothing, a folder holds no file to take.
        InputUnreadable: files or folders may not be read; ``context.paths`` names them.
        InputRefused: a pipe, a link out of the tree, a name that is not portable, two names that collide.
        MediaEmpty: files of zero bytes; ``context.paths`` names them.
        PaddingsMixed: one frame is there under two paddings.
    """
    raise NotImplementedError
