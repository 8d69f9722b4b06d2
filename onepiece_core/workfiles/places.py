"""Where the workfiles of a context lie: the show's template of a work folder, below every root of this machine."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.config import Settings
from onepiece_core.context import Context, Convention
from onepiece_core.errors import ConfigMissing, NameInvalid, UsageError
from onepiece_core.name_template import FIELDS, NameTemplate
from onepiece_core.paths import contained
from onepiece_core.system import this_system

_GROUP = re.compile(r"\[([^\]]*)\]")
_MAX_GROUPS = 6
_ORDER = ("episode", "sequence", "shot", "asset", "step", "task")


@dataclass(frozen=True)
class WorkFolder:
    """A folder for workfiles that is there, and the context that its path tells."""

    path: Path
    context: Context


@dataclass(frozen=True)
class WorkfilePlaces:
    """The roots of this machine and the naming of one show.

    Attributes:
        patterns: regular expressions of fields, as the show changes them.
        templates: DCC -> step -> file that a new workfile is copied from; the step ``*`` is any.
    """

    convention: Convention
    roots: Mapping[str, Path]
    patterns: Mapping[str, str]
    templates: Mapping[str, Mapping[str, Path]]

    @classmethod
    def of(cls, settings: Settings, show_code: str | None) -> WorkfilePlaces:
        """Raises ConfigMissing when this machine has no roots."""
        roots = settings.roots_for(this_system())
        if not roots:
            raise ConfigMissing(
                "No root is configured for this machine, so no work folder is known.",
                hint='Add one to onepiece.toml: [roots.projects] linux = "/projects".',
            )
        shows = settings.naming.shows
        fields = shows[show_code].fields if show_code in shows else {}
        return cls(
            settings.naming.convention(show_code),
            roots,
            {**settings.naming.fields, **fields},
            settings.workfiles.templates,
        )

    def context_of(self, words: Sequence[str]) -> Context:
        """``FG ep010 sc02 0010 comp`` as a context: each word is the next part of the work folder that it fits.

        Raises UsageError.
        """
        known = self.convention.work.fields | self.convention.scene.fields
        patterns = {**FIELDS, **self.patterns}
        order = [name for name in _ORDER if name in self.convention.work.fields]
        order += [name for name in _ORDER if name in known and name not in order]
        values = {"show": words[0]} if words else {}
        left = list(order)
        for word in words[1:]:
            fits = [name for name in left if re.fullmatch(patterns[name], word, re.ASCII)]
            if not fits:
                raise UsageError(
                    f"{word!r} is none of {', '.join(left) or 'what can follow'}.",
                    hint=f"Name a show, then {', '.join(order)}: FG ep010 sc02 0010 comp.",
                )
            values[fits[0]] = word
            if fits[0] in self.convention.work.fields:
                del left[: left.index(fits[0]) + 1]
            else:
                left.remove(fits[0])
        return Context.of(values)

    def folder(self, context: Context, dcc: str | None = None) -> Path:
        """The one folder of a context, whether it is there or not: where it is, else in the first root.

        Raises NameInvalid when the context lacks a part, PathEscapes.
        """
        more = {"dcc": dcc} if dcc else {}
        relative = self.convention.folder(self.convention.work, context, **more)
        found = [contained(root, relative) for root in self.roots.values()]
        return next((folder for folder in found if folder.is_dir()), found[0])

    def folders(self, context: Context) -> Iterator[WorkFolder]:
        """Every work folder that is there and agrees with what is known of ``context``."""
        seen: set[Path] = set()
        for root in self.roots.values():
            for relative in self._relative(root, context):
                values = self.convention.work.parse(relative) or {}
                told = Context.of(values)
                path = root / relative
                if path not in seen and _agree(told, context):
                    seen.add(path)
                    yield WorkFolder(path, told.over(context))

    def _relative(self, root: Path, context: Context) -> Iterator[str]:
        for template in _variants(self.convention.work.text):
            yield from self._walk(root, "", template.split("/"), context)

    def _walk(self, root: Path, done: str, left: list[str], context: Context) -> Iterator[str]:
        if not left:
            yield done
            return
        for name in self._matching(root / done, left[0], context):
            yield from self._walk(root, f"{done}/{name}" if done else name, left[1:], context)

    def _matching(self, folder: Path, segment: str, context: Context) -> list[str]:
        """The folders in ``folder`` that one part of the template may stand for."""
        template = NameTemplate(segment, self.patterns)
        try:
            name = template.format(context.values())
        except NameInvalid:  # something in it is not known: look what is there
            return [name for name in _folders_in(folder) if _fits(template.parse(name), context)]
        return [name] if (folder / name).is_dir() else []


def _fits(values: Mapping[str, str] | None, context: Context) -> bool:
    if values is None:
        return False
    known = context.values()
    return all(str(known.get(key, value)) == value for key, value in values.items())


def _agree(told: Context, wanted: Context) -> bool:
    known = wanted.values()
    return all(known.get(key, value) == value for key, value in told.values().items())


def _folders_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []


def _variants(template: str) -> Iterator[str]:
    """The template with and without each of its optional groups."""
    groups = _GROUP.findall(template)[:_MAX_GROUPS]
    for kept in itertools.product((True, False), repeat=len(groups)):
        text = template
        for group, keep in zip(groups, kept, strict=True):
            text = text.replace(f"[{group}]", group if keep else "", 1)
        yield "/".join(part for part in text.split("/") if part)
