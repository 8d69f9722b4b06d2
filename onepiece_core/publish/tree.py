"""What a publish will take, as the tree that panels show: scene, renders, caches, previews, files that are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any, Literal

from pydantic import BaseModel

from onepiece_core.context import Convention
from onepiece_core.publish.outputs import FoundOutput
from onepiece_core.publish.request import PublishRequest
from onepiece_core.rules.host_facts import FileFact, SceneFacts
from onepiece_core.workfiles.listing import describe

ItemRole = Literal["scene", "render", "cache", "preview", "reference", "otio"]

# How many files of a kind a panel lists one by one.
_LISTED = 200
_LABELS: dict[ItemRole, str] = {"render": "Renders", "cache": "Caches", "preview": "Previews"}
_PICTURES = ("image", "sequence", "movie")


class TreeItem(BaseModel, frozen=True):
    """One row.

    Attributes:
        id: stable from one check to the next.
        path: the file, the pattern of a sequence, or None for a group.
        files: how many files it stands for.
        frames: the frames that are there: ``1001-1010``.
        missing: how many frames or files are not there; ``missing_frames`` names frames.
        first, last: of the frames that the scene renders.
        thumbnail: a file whose picture shows it: what the worker's ``thumbnail`` is asked for.
        is_included: the package will hold it; files that are used are only listed in its manifest.
    """

    id: str
    label: str
    role: ItemRole
    path: str | None = None
    files: int = 0
    frames: str | None = None
    missing: int = 0
    missing_frames: str | None = None
    first: int | None = None
    last: int | None = None
    thumbnail: str | None = None
    is_included: bool = True
    children: tuple[TreeItem, ...] = ()


def publish_tree(
    facts: SceneFacts, outputs: Iterable[FoundOutput], request: PublishRequest | None
) -> tuple[TreeItem, ...]:
    """The tree of a publish of these facts; ``request`` None: nothing is included yet."""
    found = tuple(outputs)
    roles: tuple[tuple[ItemRole, tuple[str, ...]], ...] = (
        ("render", ("sequence", "image")),
        ("cache", ("cache",)),
        ("preview", ("movie",)),
    )
    groups = (
        _group(role, [_output(role, each, request) for each in found if each.output.kind in kinds])
        for role, kinds in roles
    )
    return (
        *_single("scene", facts.scene, request.scene if request else None, _picture(facts.scene)),
        *(group for group in groups if group is not None),
        *_single("otio", str(request.otio) if request and request.otio else None, request.otio if request else None),
        *_references(facts.files),
    )


def as_json(items: Iterable[TreeItem]) -> list[dict[str, Any]]:
    return [item.model_dump(mode="json") for item in items]


def _single(
    role: ItemRole, path: str | None, wanted: PurePath | None, picture: str | None = None
) -> Iterator[TreeItem]:
    if path:
        name = path.replace("\\", "/").rpartition("/")[2]
        is_included = wanted is not None
        yield TreeItem(id=role, label=name, role=role, path=path, files=1, thumbnail=picture, is_included=is_included)


def _picture(scene: str | None) -> str | None:
    """What a list of workfiles shows of it."""
    workfile = describe(Path(scene), Convention()) if scene else None
    return str(workfile.thumbnail) if workfile and workfile.thumbnail else None


def _group(role: ItemRole, children: list[TreeItem]) -> TreeItem | None:
    if not children:
        return None
    return TreeItem(
        id=f"{role}s",
        label=_LABELS[role],
        role=role,
        files=sum(child.files for child in children),
        missing=sum(child.missing for child in children),
        thumbnail=next((child.thumbnail for child in children if child.thumbnail), None),
        is_included=any(child.is_included for child in children),
        children=tuple(children),
    )


def item_id(role: ItemRole, output: str) -> str:
    """The item of an output, by the host's id for it."""
    return f"{role} {output}"


def _output(role: ItemRole, found: FoundOutput, request: PublishRequest | None) -> TreeItem:
    output = found.output
    is_sequence = bool(found.frames)
    middle = found.path(len(found.names) // 2) if found.is_there and role != "cache" else None
    return TreeItem(
        id=item_id(role, output.id),
        label=output.path.rpartition("/")[2] or output.label,
        role=role,
        path=output.path,
        files=len(found.names),
        frames=_ranges(found) if is_sequence else None,
        missing=found.missing_count if is_sequence else 0,
        missing_frames=found.missing,
        first=output.first if is_sequence else None,
        last=output.last if is_sequence else None,
        thumbnail=middle,
        is_included=found.is_there and request is not None and is_taken(output.path, request),
    )


def is_taken(path: str, request: PublishRequest) -> bool:
    """Whether the request's renders, previews or caches are this file or pattern, or a folder that holds it."""
    pure = PurePath(path)
    return any(pure.is_relative_to(place) for place in (*request.renders, *request.previews, *request.caches))


def _ranges(found: FoundOutput) -> str:
    from onepiece_core.frames import format_ranges

    return format_ranges(found.frames)


def _references(files: Iterable[FileFact]) -> Iterator[TreeItem]:
    """The files that the scene uses, each once, by kind; of very many only the first are listed."""
    kinds: dict[str, dict[str, FileFact]] = {}
    for file in files:
        kinds.setdefault(file.kind, {}).setdefault(file.path, file)
    groups = tuple(_kind(kind, list(found.values())) for kind, found in sorted(kinds.items()))
    if groups:
        yield TreeItem(
            id="references",
            label="Files used",
            role="reference",
            files=sum(group.files for group in groups),
            missing=sum(group.missing for group in groups),
            is_included=False,
            children=groups,
        )


def _kind(kind: str, files: list[FileFact]) -> TreeItem:
    files.sort(key=lambda file: (not file.is_missing, file.path))  # what is missing is seen
    children = [_reference(kind, file) for file in files[:_LISTED]]
    if len(files) > _LISTED:
        label = f"and {len(files) - _LISTED} more"
        children.append(TreeItem(id=f"more {kind}", label=label, role="reference", is_included=False))
    missing = sum(1 for file in files if file.is_missing)
    return TreeItem(
        id=f"references {kind}",
        label=kind,
        role="reference",
        files=len(files),
        missing=missing,
        is_included=False,
        children=tuple(children),
    )


def _reference(kind: str, file: FileFact) -> TreeItem:
    has_picture = kind in _PICTURES and file.is_missing is False and not file.is_packed and "%" not in file.path
    return TreeItem(
        id=f"file {kind} {file.path}",
        label=file.path.rpartition("/")[2] or file.label,
        role="reference",
        path=file.path,
        files=1,
        missing=int(file.is_missing is True),
        thumbnail=file.path if has_picture else None,
        is_included=False,
    )
