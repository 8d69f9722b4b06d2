"""Templates as files, JSON or YAML, and the folder that holds those with names."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from onepiece_core.errors import DestinationReadOnly, InputMissing, ManifestError, UsageError
from onepiece_core.manifest.drop_manifest import decoded, read_bytes
from onepiece_core.manifest.strict_json import strict_loads
from onepiece_core.show.template import ShowTemplate
from onepiece_core.shown import shown

SUFFIXES = (".yaml", ".yml", ".json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of named templates. ``NAME`` is ``FOLDER/NAME.yaml``; anything with a suffix or a slash is a file."""

    folder: Path

    def place(self, name: str) -> Path:
        """Where a template is, or would be. Raises UsageError for what is neither a name nor a file."""
        if Path(name).suffix.lower() in SUFFIXES or "/" in name or os.sep in name:
            return Path(name)
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no name of a template", hint="Letters, digits, - and _; or a file that ends in .yaml."
            )
        found = [path for path in (self.folder / f"{name}{suffix}" for suffix in SUFFIXES) if path.is_file()]
        return found[0] if found else self.folder / f"{name}.yaml"

    def read(self, name: str) -> ShowTemplate:
        """Raises InputMissing, InputUnreadable, ManifestError, UsageError."""
        path = self.place(name)
        if not path.is_file() and path.parent == self.folder:
            known = ", ".join(sorted({each.stem for each in self.paths()})) or "none"
            raise InputMissing(f"There is no template {name!r}", hint=f"There are: {known}.", path=shown(path))
        return read_template(path)

    def paths(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from sorted(path for path in self.folder.iterdir() if path.suffix.lower() in SUFFIXES)


def read_template(path: Path) -> ShowTemplate:
    """The template in a file. Raises InputMissing, InputUnreadable, ManifestError, UsageError."""
    where = shown(path.name)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{where} is no template", hint=f"Its name must end in {', '.join(SUFFIXES)}.", path=where)
    data = read_bytes(path)
    try:
        if path.suffix.lower() == ".json":
            value = strict_loads(data)
        else:
            from onepiece_core.manifest.strict_yaml import strict_yaml

            value = strict_yaml(decoded(data, where))
        return ShowTemplate.model_validate(value)
    except ValidationError as cause:
        raise ManifestError(f"{where}: {_told(cause)}", path=where) from cause
    except RecursionError as cause:
        raise ManifestError(f"{where} is nested too deeply", path=where) from cause
    except ValueError as cause:
        raise ManifestError(f"{where} cannot be read: {cause}", path=where) from cause


def write_template(template: ShowTemplate, path: Path) -> None:
    """Write a template, whole or not at all. Raises UsageError, DestinationReadOnly."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{shown(path.name)} is no template", hint=f"Its name must end in {', '.join(SUFFIXES)}.")
    text = template_text(template, as_json=path.suffix.lower() == ".json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - a descriptor
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as cause:
        raise DestinationReadOnly(f"{shown(path)} cannot be written: {cause.strerror}", path=shown(path)) from cause


def template_text(template: ShowTemplate, *, as_json: bool) -> str:
    """The template as a file holds it; what has its default is left out."""
    value = {"schema": template.schema_, **template.model_dump(mode="json", exclude_defaults=True, by_alias=True)}
    if as_json:
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes equal objects twice: anchors are not read."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
            return True

    text: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def _told(cause: ValidationError) -> str:
    lines = []
    for error in cause.errors()[:_SHOWN]:
        place = ".".join(str(part) for part in error["loc"])
        message = error["msg"].removeprefix("Value error, ")
        lines.append(f"{place}: {message}" if place else message)
    return "; ".join(lines)
