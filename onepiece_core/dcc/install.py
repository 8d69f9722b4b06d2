"""Put OnePiece into a DCC and take it out again: ``plan_install()``, ``plan_uninstall()``, then ``apply_...()``.

The version folder is staged beside its place and renamed into it. What was added outside is written down first, in
``installed.json`` beside the versions, so that an uninstall finds every file, block and folder of ours.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.dcc.find import Machine
from onepiece_core.dcc.hooks import FileHook, Hook, hooks_of, with_block
from onepiece_core.dcc.install_record import RECORD, Record, Scope, digest_of, own_folders, read_record, recorded
from onepiece_core.dcc.layout import INSTALL_FILE, HostSources, home_of, is_same, lay_out, list_versions, read_folder
from onepiece_core.dcc.table import Dcc
from onepiece_core.dcc.traces import (
    aside_name,
    clean_file,
    remove_file,
    remove_folder,
    remove_half_written,
    remove_if_empty,
    remove_leftovers,
    set_aside,
)
from onepiece_core.errors import HostFilesMissing, InstallFailed
from onepiece_core.filesystems import make_folders, rename_into_place, storage_error, write_file
from onepiece_core.storage.locking import file_lock


@dataclass(frozen=True)
class InstallPlan:
    """What an install is going to do.

    Attributes:
        folder: the version folder; ``files`` go there, None where it is sound already.
        hooks: those that are not as they should be.
        edited: files of ours that somebody has changed since; they get another name.
        record: what will be written down in ``root``.
        cautions: what a person should know.
    """

    host: str
    scope: Scope
    root: Path
    folder: Path
    files: Mapping[str, bytes] | None
    hooks: tuple[Hook, ...]
    edited: tuple[Path, ...]
    record: Record
    is_recorded: bool
    cautions: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """There is nothing to do."""
        return self.files is None and not self.hooks and self.is_recorded

    def as_json(self) -> dict[str, object]:
        return {
            "schema": "onepiece.install.1",
            "host": self.host,
            "scope": self.scope,
            "folder": str(self.folder),
            "lays_out": len(self.files or ()),
            "writes": [str(hook.path) for hook in self.hooks],
            "is_done": self.is_done,
            "cautions": list(self.cautions),
        }


@dataclass(frozen=True)
class UninstallPlan:
    """What an uninstall is going to take away.

    Attributes:
        edited: files of ours that somebody has changed; they get another name.
        versions: folders that no host uses any more.
        places: everything that was ever written; beside it a killed install may have left something.
    """

    host: str
    root: Path
    files: tuple[Path, ...]
    edited: tuple[Path, ...]
    blocks: tuple[Path, ...]
    made: tuple[Path, ...]
    versions: tuple[Path, ...]
    places: tuple[Path, ...]
    folders: tuple[Path, ...]
    record: Record
    cautions: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        return not (self.files or self.edited or self.blocks or self.versions)

    def as_json(self) -> dict[str, object]:
        return {
            "schema": "onepiece.uninstall.1",
            "host": self.host,
            "removes": [str(path) for path in (*self.files, *self.versions)],
            "cleans": [str(path) for path in self.blocks],
            "is_done": self.is_done,
            "cautions": list(self.cautions),
        }


@contextmanager
def alone(machine: Machine) -> Iterator[None]:
    """One install or uninstall of a user at a time; planning belongs inside. Raises StorageError."""
    lock = home_of(machine) / ".onepiece-install.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(lock))
        except OSError as error:
            raise storage_error(error, lock) from error
        yield
    try:
        lock.unlink(missing_ok=True)  # where the one who held it could not
    except OSError:
        pass  # the next one has it


def plan_install(
    dcc: Dcc,
    sources: HostSources,
    machine: Machine,
    *,
    root: Path,
    scope: Scope = "user",
    host_versions: tuple[str, ...] = (),
    central: Path | None = None,
) -> InstallPlan:
    """Compare what should be there with what is.

    ``root``: where versions are laid out and what was done is written down. ``central``: a version folder of a
    studio's, which is used as it is. ``host_versions``: see :func:`hooks_of`.

    Raises:
        HostFilesMissing: the central folder is not there or cannot be read.
        InstallFailed: our own files, or the record of an earlier install, cannot be read; a file of somebody else's
            stands where one of ours belongs.
    """
    folder = central or root / sources.version
    files = _central_files(central) if central else lay_out(sources)
    wanted = hooks_of(dcc, host_versions, machine, folder, files) if scope == "user" else []
    before = read_record(root)
    _refuse_foreign(wanted, before)
    record = recorded(before, dcc.name, scope, folder.name, wanted, root)
    hooks = tuple(hook for hook in wanted if not _is_there(hook))
    edited = _edited([hook.path for hook in hooks if isinstance(hook, FileHook)], before)
    return InstallPlan(
        host=dcc.name,
        scope=scope,
        root=root,
        folder=folder,
        files=None if central or is_same(folder, files) else files,
        hooks=hooks,
        edited=edited,
        record=record,
        is_recorded=record == before,
        cautions=(*_kept(edited), *(() if "python/Qt.py" in files else (_NO_QT,))),
    )


_NO_QT = "Qt.py is not installed: panels that need Qt will not open (`pip install 'onepiece-pipeline[panels]'`)"


def apply_install(plan: InstallPlan) -> None:
    """Do it. Stopped in between, a second try goes on; an uninstall takes away what was done.

    Raises:
        StorageError: a folder cannot be written to.
    """
    if plan.is_done:
        return
    make_folders(plan.root)
    write_file(plan.root / RECORD, plan.record.model_dump_json(indent=2).encode() + b"\n")
    if plan.files is not None:
        _lay_out(plan.folder, plan.files)
    for path in plan.edited:
        set_aside(path)
    for hook in plan.hooks:
        make_folders(hook.path.parent)
        remove_half_written(hook.path)
        _write(hook)


def plan_uninstall(dcc: Dcc, *, root: Path, scope: Scope | None = None) -> UninstallPlan:
    """Find what installs of ``dcc`` have added; of both scopes, or of one.

    Raises:
        InstallFailed: the record of the installs cannot be read.
    """
    before = read_record(root)
    leaves = [entry for entry in before.entries if entry.host == dcc.name and scope in (None, entry.scope)]
    stays = tuple(entry for entry in before.entries if entry not in leaves)
    kept_files = {path for entry in stays for path in (*entry.files, *entry.blocks)}
    files = [path for entry in leaves for path in entry.files if path not in kept_files and os.path.lexists(path)]
    edited = _edited(files, before)
    blocks = [path for entry in leaves for path in entry.blocks if path not in kept_files and path.is_file()]
    versions = [] if stays or not leaves else [root / name for name in list_versions(root)]
    return UninstallPlan(
        host=dcc.name,
        root=root,
        files=tuple(path for path in dict.fromkeys(files) if path not in edited),
        edited=edited,
        blocks=tuple(dict.fromkeys(blocks)),
        made=tuple(path for entry in leaves for path in entry.made),
        versions=tuple(versions),
        places=tuple(path for entry in leaves for path in (*entry.files, *entry.blocks)),
        folders=before.folders if leaves else () if before.entries else own_folders(root),
        record=Record(entries=stays, folders=before.folders),
        cautions=_kept(edited),
    )


def apply_uninstall(plan: UninstallPlan) -> None:
    """Do it. Stopped in between, a second try goes on. Raises StorageError."""
    for path in plan.files:
        remove_file(path)
    for path in plan.edited:
        set_aside(path)
    for path in plan.blocks:
        clean_file(path, is_made=path in plan.made)
    record = plan.root / RECORD
    for path in (*plan.places, record):
        remove_half_written(path)
    for folder in plan.versions:
        remove_folder(folder)
    innermost_first = sorted(plan.folders, key=lambda path: len(path.parts), reverse=True)
    if plan.record.entries:
        write_file(record, plan.record.model_dump_json(indent=2).encode() + b"\n")
    else:
        remove_leftovers(plan.root)
        # The record goes after the folders that only it knows.
        for folder in innermost_first:
            if not plan.root.is_relative_to(folder):
                remove_if_empty(folder)
        remove_file(record)
    for folder in innermost_first:
        remove_if_empty(folder)


def _edited(paths: list[Path], before: Record) -> tuple[Path, ...]:
    """Those that are none of the contents which we have written; a link is another's work."""
    ours = {digest for entry in before.entries for digest in entry.digests}
    found = []
    for path in dict.fromkeys(paths):
        try:
            if ours and path.exists() and digest_of(path.read_bytes()) not in ours:
                found.append(path)
        except OSError:
            pass  # it is removed or written over, or the attempt says what is wrong
    return tuple(found)


def _kept(edited: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(f"{path} was changed since it was installed: it is kept as {aside_name(path).name}" for path in edited)


def _refuse_foreign(wanted: list[Hook], before: Record) -> None:
    """Nobody's file is written over."""
    ours = {path for entry in before.entries for path in entry.files}
    for hook in wanted:
        path = hook.path
        if isinstance(hook, FileHook) and path not in ours and os.path.lexists(path) and not _is_there(hook):
            raise InstallFailed(
                f"{path} is there already, and OnePiece did not write it",
                hint="Move it away, or leave this host to whoever put it there.",
                path=str(path),
            )


def _central_files(folder: Path) -> dict[str, bytes]:
    try:
        files = read_folder(folder)
    except OSError as error:
        raise HostFilesMissing(f"{error.filename} cannot be read: {error.strerror}", folder=str(folder)) from error
    if INSTALL_FILE not in files:
        raise HostFilesMissing(f"{folder} has no {INSTALL_FILE}", folder=str(folder))
    return files


def _is_there(hook: Hook) -> bool:
    try:
        data = hook.path.read_bytes()
    except OSError:
        return False
    return data == (hook.data if isinstance(hook, FileHook) else with_block(data, hook.text))


def _lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    staged = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    remove_leftovers(folder.parent)
    try:
        for name, data in files.items():
            path = staged / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if os.path.lexists(folder):
            old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
            folder.rename(old)
            rename_into_place(staged, folder)
            shutil.rmtree(old)
        else:
            rename_into_place(staged, folder)
    except FileExistsError:
        shutil.rmtree(staged, ignore_errors=True)  # another install of this version was faster
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise storage_error(error, folder) from error


def _write(hook: Hook) -> None:
    if isinstance(hook, FileHook):
        write_file(hook.path, hook.data)
        return
    real = hook.path.resolve()  # a studio may link it
    try:
        data = real.read_bytes() if real.exists() else b""
        mode = real.stat().st_mode if real.exists() else None
    except OSError as error:
        raise storage_error(error, hook.path) from error
    write_file(real, with_block(data, hook.text))
    if mode is not None:
        real.chmod(mode)
