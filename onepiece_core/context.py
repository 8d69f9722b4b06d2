"""What a file or a session belongs to: project, episode, sequence, shot, asset, step, task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath

from onepiece_core.name_template import NameTemplate
from onepiece_core.naming import parse_version
from onepiece_core.paths import check_relative
from onepiece_core.sequences import split_extension

SCENE_TEMPLATE = "{show}_{episode}_{sequence}_{shot}_{asset}[_{tokens}]_v{version}[_{tail}]"
WORK_TEMPLATE = "{show}/{episode}/{sequence}/{shot}/{step}/work"
PUBLISH_TEMPLATE = "{show}/{episode}/{sequence}/{shot}/{step}/publish"

_FRAME = re.compile(r"[._](-?\d{4,7})$", re.ASCII)


@dataclass(frozen=True)
class Context:
    """Codes from the project down to the task; None is not known."""

    show: str | None = None
    episode: str | None = None
    sequence: str | None = None
    shot: str | None = None
    asset: str | None = None
    step: str | None = None
    task: str | None = None
    version: int | None = None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Context:
        """From the fields of a name; what is no part of a context is left out."""
        known = {name: values[name] for name in _NAMES if name in values}
        return cls(**known, version=parse_version(values["version"]) if "version" in values else None)

    def values(self) -> dict[str, str | int]:
        """What is known, for a template."""
        # asdict() would copy each value deeply, and a list of workfiles asks ten thousand times.
        return {key: value for key, value in vars(self).items() if value is not None}

    @property
    def shot_path(self) -> str | None:
        """``ep010/sc02/0010``: the shot with what makes its code unique, as far as it is known."""
        return "/".join(part for part in (self.episode, self.sequence, self.shot) if part) if self.shot else None

    def over(self, other: Context) -> Context:
        """This context, completed by ``other`` where it knows nothing."""
        return Context(**{**other.values(), **self.values()})  # type: ignore[arg-type]


_NAMES = tuple(field.name for field in fields(Context) if field.name != "version")


@dataclass(frozen=True)
class NamedFile:
    """A file name taken apart. ``values`` are the fields of the template, ``name`` what they were read from."""

    name: str
    values: dict[str, str]
    frame: int | None
    extension: str

    @property
    def context(self) -> Context:
        return Context.of(self.values)


class Convention:
    """How one show calls its scenes, files and folders. Raises NameInvalid when a template is not well formed."""

    def __init__(
        self,
        scene: str = SCENE_TEMPLATE,
        work: str = WORK_TEMPLATE,
        publish: str = PUBLISH_TEMPLATE,
        patterns: Mapping[str, str] | None = None,
    ) -> None:
        self.scene = NameTemplate(scene, patterns)
        self.work = NameTemplate(work, patterns)
        self.publish = NameTemplate(publish, patterns)

    def scene_name(self, context: Context, **more: str | int) -> str:
        """The scene name of ``context``. Raises NameInvalid when something is not known."""
        return self.scene.format({**context.values(), **more})

    def folder(self, kind: NameTemplate, context: Context, **more: str | int) -> str:
        """A relative POSIX path: ``convention.folder(convention.work, context)``. Raises NameInvalid, PathEscapes."""
        return check_relative(kind.format({**context.values(), **more}))

    def parse_scene(self, name: str) -> Context | None:
        """The context a scene name tells, or None when it does not follow the convention."""
        values = self.scene.parse(name)
        return None if values is None else Context.of(values)

    def parse_file(self, name: str) -> NamedFile | None:
        """A file's name, with or without a frame number, or None when it does not follow the convention."""
        stem, extension = split_extension(name)
        numbered = _FRAME.search(stem)
        # The number may as well belong to the name: the show's template decides.
        for text, frame in (
            ((stem[: numbered.start()], int(numbered[1])), (stem, None)) if numbered else ((stem, None),)
        ):
            values = self.scene.parse(text)
            if values is not None:
                return NamedFile(text, values, frame, extension)
        return None

    def parse_path(self, path: PurePath, roots: Iterable[PurePath] = ()) -> Context:
        """What ``path`` tells: its file name first, then its folders, under one of ``roots`` or anywhere.

        An empty Context when it follows no template.
        """
        named = self.parse_file(path.name)
        context = named.context if named else self.parse_scene(path.name) or Context()
        parts = next((path.relative_to(root).parts for root in roots if path.is_relative_to(root)), path.parts)
        for kind in (self.work, self.publish):
            values = _folders(kind, parts)
            if values is not None:
                return context.over(Context.of(values))
        return context


def _folders(kind: NameTemplate, parts: tuple[str, ...]) -> dict[str, str] | None:
    """The first run of folders among ``parts`` that follows ``kind``."""
    length = kind.text.count("/") + 1
    for start in range(len(parts) - length + 1):
        values = kind.parse("/".join(parts[start : start + length]))
        if values is not None:
            return values
    return None
