"""What a host's folder is made of, as this installation of OnePiece has it."""

from __future__ import annotations

import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.dcc import Machine
    from onepiece_core.dcc.layout import HostSources


def machine_of(session: Session) -> Machine:
    """This machine, for whoever looks for programs and folders."""
    from onepiece_core.dcc import Machine

    return Machine(session.environ)


def host_sources(settings: Settings, root: Path) -> HostSources:
    """The packages that hosts load; ``root`` will hold their copies. Of the packages only the folders are asked."""
    from onepiece_core import __version__
    from onepiece_core.dcc.layout import HostSources

    qt = find_spec("Qt")
    tools = tuple(settings.hosts.shelves)
    return HostSources(
        hosts=_folder_of("onepiece_hosts"),
        shelves=_folder_of("onepiece_shelves"),
        qt=Path(qt.origin) if qt is not None and qt.origin else None,
        worker=worker_command(),
        version=__version__,
        tools=tools,
        generated=_generated(tools, root / __version__),
    )


def worker_command() -> tuple[str, ...]:
    """What starts a worker of this installation, with absolute paths."""
    name = "onepiece.exe" if sys.platform == "win32" else "onepiece"
    script = Path(sysconfig.get_path("scripts")) / name
    start = [str(script)] if script.is_file() else [sys.executable, "-m", "onepiece_cli"]
    return (*start, "worker")


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        from onepiece_core.errors import InstallFailed

        raise InstallFailed(f"The package {package} is not installed", hint="Install onepiece-pipeline again.")
    return Path(next(iter(spec.submodule_search_locations)))


def _generated(tools: tuple[Path, ...], folder: Path) -> dict[str, str]:
    """Houdini reads its menu and its shelf from files; the other hosts build theirs from the tools."""
    from onepiece_shelves.export import export_for
    from onepiece_shelves.load import load_tools
    from onepiece_shelves.pictures import Look

    look = Look(icons=(folder / "python" / "onepiece_shelves" / "icons").as_posix())
    files = export_for("houdini", load_tools([str(path) for path in tools]), look)
    return {f"houdini/{name}": text for name, text in files.items()}
