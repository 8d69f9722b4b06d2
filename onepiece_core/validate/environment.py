"""Can the DCCs of this machine load OnePiece?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from onepiece_core import __version__
from onepiece_core.config import Settings
from onepiece_core.dcc.find import Machine
from onepiece_core.dcc.host_environment import host_environment
from onepiece_core.dcc.listing import HostReport, list_hosts
from onepiece_core.dcc.table import get_dcc
from onepiece_core.errors import HostFilesMissing
from onepiece_core.validate.codes import says
from onepiece_core.validate.report import Finding, ValidationReport

# They make a host's Python look elsewhere for its own modules.
_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP")


def check_environment(
    machine: Machine,
    environ: dict[str, str],
    settings: Settings,
    *,
    root: Path,
    state_dir: Path,
    hosts: Sequence[str] = (),
) -> ValidationReport:
    """Every host that is here, or the named ones, which must be. ``environ``: what programs are asked with.

    Raises DccUnknown, InstallFailed.
    """
    for name in hosts:
        get_dcc(name)
    reports = [each for each in list_hosts(machine, environ, root).hosts if not hosts or each.name in hosts]
    found: list[Finding] = []
    for report in reports:
        if report.found or hosts:
            found += _of_host(report, machine, settings, state_dir)
    found += _of_machine(machine, settings)
    return ValidationReport(check="dcc-environment", checked=len(reports), findings=tuple(found))


def _of_host(report: HostReport, machine: Machine, settings: Settings, state_dir: Path) -> Iterator[Finding]:
    if not report.found:
        yield says(report.name, "dcc.not_found", f"{report.label} is not on this machine")
        return
    for program in report.found:
        if program.is_python_too_old:
            told = f"{program.executable} brings Python {program.python}"
            yield says(report.name, "dcc.python_too_old", told)
    if not report.installs:
        yield says(report.name, "dcc.not_installed", f"OnePiece is not installed for {report.label}")
    pinned = settings.hosts.version or __version__
    for entry in report.installs:
        if entry.version != pinned:
            told = f"the install is of {entry.version}, {pinned} is in force"
            yield says(report.name, "dcc.other_version", told)
        for path in (*entry.files, *entry.blocks):
            if not path.exists():
                yield says(report.name, "dcc.files_missing", f"{path} is not there")
    try:
        host_environment(get_dcc(report.name), settings, state_dir, machine)
    except HostFilesMissing as error:
        yield says(report.name, "dcc.files_missing", error.report.message)


def _of_machine(machine: Machine, settings: Settings) -> Iterator[Finding]:
    for name in _VARIABLES:
        if machine.environ.get(name):
            yield says(name, "dcc.python_variable", f"{name} is set: every host's Python follows it")
    for path in settings.hosts.shelves:
        if not path.is_file():
            yield says(str(path), "dcc.shelves_missing", "there is no such file")
