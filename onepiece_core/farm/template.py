"""Job templates by name: OnePiece's own and a studio's. They are Open Job Description, 2023-09, in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from onepiece_core.errors import ExtraMissing, RenderInvalid, TemplateUnknown
from onepiece_core.farm.shape import Shape
from onepiece_core.shown import shown

_OWN = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)
_MAX_CHARACTERS = 1024 * 1024
# What OpenJD calls what we use of it; another extension is refused by its own model.
_EXTENSIONS = ["TASK_CHUNKING", "REDACTED_ENV_VARS", "FEATURE_BUNDLE_1"]


@dataclass(frozen=True)
class JobTemplate:
    """A template that was read and found right.

    Attributes:
        document: what a farm gets, before a job's name, timeout and requirements are written into it.
        is_studios: from the studio's folder, not OnePiece's own.
        shapes: what expand() has learned of it, with frames and without.
    """

    name: str
    document: dict[str, Any]
    is_studios: bool = False
    shapes: dict[bool, Shape | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def description(self) -> str:
        return str(self.document.get("description", ""))

    @cached_property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Each parameter's definition by its name."""
        return {each["name"]: each for each in self.document.get("parameterDefinitions") or []}

    @property
    def has_frames(self) -> bool:
        return "Frames" in self.parameters

    @property
    def needs_frames(self) -> bool:
        """Whether a job must have frames: a template whose ``Frames`` may be empty takes a job without."""
        return self.has_frames and self.parameters["Frames"].get("default") != ""


def list_templates(studio: Path | None = None) -> list[str]:
    """Every name, sorted. A studio's template stands for OnePiece's own of the same name."""
    return sorted({path.stem for folder in _folders(studio) for path in _files(folder)})


def load_template(name: str, studio: Path | None = None) -> JobTemplate:
    """Raises TemplateUnknown, and RenderInvalid for one that OpenJD does not take."""
    if not _NAME.fullmatch(name):
        raise TemplateUnknown(f"{shown(name)} is no name of a template", template=shown(name))
    for folder in _folders(studio):
        path = folder / f"{name}.yaml"
        if path.is_file():
            return JobTemplate(name, _read(path), is_studios=folder != _OWN)
    raise TemplateUnknown(f"There is no template {name}", template=name, known=list_templates(studio))


class Templates:
    """Templates that a service uses again and again: each is read and checked once, until its file changes."""

    def __init__(self, studio: Path | None = None) -> None:
        self._studio = studio
        self._read: dict[str, tuple[tuple[tuple[int, int], ...], JobTemplate]] = {}

    def load(self, name: str) -> JobTemplate:
        """See :func:`load_template`. What it gives is shared: nobody changes it."""
        stamps = tuple(_stamp(folder / f"{name}.yaml") for folder in _folders(self._studio))
        known = self._read.get(name)
        if known is None or known[0] != stamps:
            known = self._read[name] = stamps, load_template(name, self._studio)
        return known[1]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return 0, 0
    return status.st_mtime_ns, status.st_size


def decode(document: dict[str, Any], where: str) -> Any:
    """The template as openjd's own model. Raises RenderInvalid, which says where it is wrong; ExtraMissing."""
    try:
        from openjd.model import DecodeValidationError, decode_job_template
    except ImportError as cause:
        raise ExtraMissing(
            "Render jobs need openjd-model.", hint="Install it: pip install 'onepiece-pipeline[render]'"
        ) from cause
    try:
        decoded = decode_job_template(template=document, supported_extensions=_EXTENSIONS)
    except (DecodeValidationError, NotImplementedError) as error:
        raise RenderInvalid(f"{where}: {told(error)}", hint="See openjd.org for what a job template holds.") from error
    if len(decoded.steps) != 1:
        raise RenderInvalid(f"{where}: a job has one step, this template has {len(decoded.steps)}")
    return decoded


def told(error: Exception) -> str:
    """What openjd says, on one line: ``steps[0] -> script: field required; ...``."""
    lines = [line.rstrip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and "validation error" in lines[0]:
        lines = lines[1:]
    parts: list[str] = []
    for line in lines:
        text = line.strip()
        if parts and parts[-1].endswith(":"):
            parts[-1] += f" {text}"
        else:
            parts.append(text)
    return "; ".join(parts)


def _folders(studio: Path | None) -> tuple[Path, ...]:
    return (_OWN,) if studio is None else (studio, _OWN)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*.yaml") if _NAME.fullmatch(path.stem))


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.safe_load(text) if len(text) <= _MAX_CHARACTERS else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as cause:
        why = " ".join(str(cause).split())
        raise RenderInvalid(f"{shown(path)} cannot be read: {why}", path=shown(path)) from cause
    if not isinstance(document, dict):
        raise RenderInvalid(f"{shown(path)} is no job template", path=shown(path))
    decode(document, shown(path))
    return document
