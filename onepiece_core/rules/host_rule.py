"""A rule about an open scene, what it looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from onepiece_core.context import Context, Convention
from onepiece_core.rules.finding import Finding, Severity
from onepiece_core.rules.host_facts import FileFact, SceneFacts

SELECT = "select.nodes"
# Beyond these a finding only counts.
MOST_NODES = 10_000
_MOST_PATHS = 100


class HostFinding(Finding, frozen=True):
    """What a rule found in an open scene.

    Attributes:
        nodes: ids of what it is about, as the host finds them again.
        select: id of the host's action that shows them; None where there is nothing to show.
        may_ignore: a publish may go on in spite of it, with a reason.
    """

    nodes: tuple[str, ...] = ()
    select: str | None = None
    may_ignore: bool = True


@dataclass(frozen=True, slots=True)
class ShotValues:
    """What the tracker says about a shot; None is not known.

    Attributes:
        name: as messages call it.
        cut_in, cut_out: the frames that are seen.
        head_in, tail_out: the same with handles.
    """

    name: str = ""
    cut_in: int | None = None
    cut_out: int | None = None
    head_in: int | None = None
    tail_out: int | None = None
    fps: Fraction | None = None
    width: int | None = None
    height: int | None = None

    @property
    def cut(self) -> tuple[int, int] | None:
        return _span(self.cut_in, self.cut_out)

    @property
    def full(self) -> tuple[int, int] | None:
        """With handles; None where the tracker has none."""
        return _span(self.head_in, self.tail_out)


def _span(first: int | None, last: int | None) -> tuple[int, int] | None:
    return (first, last) if first is not None and last is not None and first <= last else None


@dataclass(frozen=True)
class SceneCheck:
    """Everything that the rules of an open scene look at.

    Attributes:
        shot: what the tracker says; None when no shot is chosen or the tracker cannot be asked.
        entity: the code of the chosen shot or asset.
        roots: the project's folders, absolute.
        scene_name: of the publish.
        choices: the shots between which the scene's name does not decide: links, each named by its way.
        inputs: the paths that the publish takes, by the folder of the package that gets them.
        taken: where a version of this name is already; None: it is free, or nobody looked.
        unasked: why the tracker could not tell whether it has that version; None: it told, or there is none.
        lacking: what the request still needs.
        trouble: why the tracker could not be asked.
    """

    facts: SceneFacts
    shot: ShotValues | None = None
    entity: str | None = None
    roots: tuple[str, ...] = ()
    convention: Convention = field(default_factory=Convention)
    scene_name: str | None = None
    choices: tuple[Mapping[str, Any], ...] = ()
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    taken: str | None = None
    unasked: str | None = None
    lacking: tuple[str, ...] = ()
    trouble: str | None = None

    @cached_property
    def told(self) -> Context:
        """What the scene's name tells."""
        return (self.convention.parse_scene(self.scene_name) if self.scene_name else None) or Context()

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """How paths start that everybody reaches: below a root, else beside the scene."""
        folders = self.roots or ((self.facts.scene.rpartition("/")[0],) if self.facts.scene else ())
        return tuple(f"{folded(folder).rstrip('/')}/" for folder in folders if folder)

    @cached_property
    def loose(self) -> tuple[tuple[FileFact, str], ...]:
        """The files outside of :attr:`shared` that the scene does not carry inside, with their folded paths."""
        shared = self.shared
        pairs = ((file, folded(file.path)) for file in self.facts.files if not file.is_packed)
        return tuple((file, path) for file, path in pairs if not path.startswith(shared))


def folded(path: str) -> str:
    """For comparing: forward slashes; lower case where the path is a Windows one."""
    path = path.replace("\\", "/")
    return path.lower() if path[1:2] == ":" or path.startswith("//") else path


@dataclass(frozen=True, slots=True)
class HostFound:
    """One thing a rule found; None takes the rule's own value, an empty ``fix`` is no fix."""

    message: str
    nodes: Iterable[str] = ()
    context: dict[str, Any] = field(default_factory=dict)
    severity: Severity | None = None
    hint: str | None = None
    fix: str | None = None
    may_ignore: bool | None = None


@dataclass(frozen=True, slots=True)
class HostRule:
    """One thing that an open scene must satisfy before it is published.

    Attributes:
        id: stable: people ignore it and panels find their fix by it.
        severity: the usual one; a finding may have another.
        summary: what it asks for, for the reference.
        fix: id of the host's action that repairs it.
    """

    id: str
    severity: Severity
    summary: str
    look: Callable[[SceneCheck], Iterable[HostFound]]
    hint: str | None = None
    fix: str | None = None
    may_ignore: bool = True

    def check(self, scene: SceneCheck) -> tuple[HostFinding, ...]:
        """What ``scene`` does not satisfy."""
        return tuple(self._finding(found) for found in self.look(scene))

    def _finding(self, found: HostFound) -> HostFinding:
        nodes = tuple(dict.fromkeys(node for node in found.nodes if node))[:MOST_NODES]
        return HostFinding(
            rule=self.id,
            severity=found.severity or self.severity,
            message=found.message,
            hint=found.hint or self.hint,
            fix=self.fix if found.fix is None else found.fix or None,
            context=found.context,
            nodes=nodes,
            select=SELECT if nodes else None,
            may_ignore=self.may_ignore if found.may_ignore is None else found.may_ignore,
        )


def about_files(files: list[FileFact], what: str, **more: Any) -> HostFound:
    """``3 files are not there: a.exr, b.exr, c.exr``."""
    names = list(dict.fromkeys(file.path.rpartition("/")[2] or file.label for file in files[:_MOST_PATHS]))
    left = len(files) - 3
    told = ", ".join(names[:3]) + (f" and {left} more" if left > 0 else "")
    verb, noun = ("are", "files") if len(files) > 1 else ("is", "file")
    context = {"paths": [file.path for file in files[:_MOST_PATHS]], "count": len(files)}
    return HostFound(f"{len(files)} {noun} {verb} {what}: {told}", [file.node for file in files], context, **more)
