"""Rules about the files that an open scene uses. Nothing is looked up on disk: the host has said what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onepiece_core.rules.host_facts import FileFact
from onepiece_core.rules.host_rule import HostFound, HostRule, SceneCheck, about_files, folded

# Whose missing files are found by the rules of one host.
_FOUND_ELSEWHERE = frozenset({"missing_image", "missing_reference", "missing_hda"})
# Fonts and scripts come with systems and applications.
_EVERYWHERE = frozenset({"font", "script"})

_PERSONAL = re.compile(
    r"~|/root/|/home/[^/]+/|/users/(?!shared/)[^/]+/|[a-z]:/(?:users/(?!public/)|documents and settings/)[^/]+/"
    r"|/tmp/|/var/tmp/|/var/folders/|/private/(?:tmp|var)/|[a-z]:/(?:windows/)?te?mp/"
    r"|.*/(?:desktop|downloads|appdata)/",
    re.IGNORECASE,
)


def is_personal(path: str) -> bool:
    """Whether only one person or one machine has what lies there. ``path`` with forward slashes."""
    return _PERSONAL.match(path) is not None


def _missing(scene: SceneCheck) -> Iterator[HostFound]:
    told = {each.node for each in scene.facts.problems if each.kind in _FOUND_ELSEWHERE}
    files = [file for file in scene.facts.files if file.is_missing and not file.is_packed and file.node not in told]
    if files:
        yield about_files(files, "not there")


def _personal(scene: SceneCheck) -> Iterator[HostFound]:
    files = [file for file, path in scene.loose if is_personal(path)]
    if files:
        yield about_files(files, "in a personal or temporary folder")
    path = scene.facts.scene
    if path and not folded(path).startswith(scene.shared) and is_personal(folded(path)):
        yield HostFound(f"the scene itself lies in a personal or temporary folder: {path}", severity="warning")
    outputs = [
        output
        for output in scene.facts.outputs or ()
        if output.is_enabled and not folded(output.path).startswith(scene.shared) and is_personal(folded(output.path))
    ]
    if outputs:
        names = ", ".join(output.label for output in outputs[:3])
        context = {"paths": [output.path for output in outputs[:100]]}
        message = f"rendered into a personal or temporary folder: {names}"
        yield HostFound(message, [output.id for output in outputs], context, severity="warning")


def _outside(scene: SceneCheck) -> Iterator[HostFound]:
    if not scene.roots:
        return
    files = [file for file, path in scene.loose if file.kind not in _EVERYWHERE and not is_personal(path)]
    if files:
        yield about_files(files, "outside of the project's roots")


def _absolute(scene: SceneCheck) -> Iterator[HostFound]:
    """A file beside the scene that is named in full is lost when both move; Blender keeps such paths relative."""
    if not scene.facts.scene:
        return
    home = f"{folded(scene.facts.scene).rpartition('/')[0]}/"
    starts = (home, *scene.shared) if scene.facts.host == "blender" else (home,)
    files = [file for file in scene.facts.files if _could_be_relative(file, starts)]
    if files:
        yield about_files(files, "named by an absolute path")


def _could_be_relative(file: FileFact, starts: tuple[str, ...]) -> bool:
    written = folded(file.written)
    is_absolute = written[1:3] == ":/" or (written[:1] == "/" and written[:2] != "//")  # Blender's // is relative
    return is_absolute and not file.is_packed and "$" not in written and folded(file.path).startswith(starts)


def _left_out(scene: SceneCheck) -> Iterator[HostFound]:
    if scene.facts.left_out:
        message = f"{scene.facts.left_out:,} files or problems were not looked at: the scene has too many"
        yield HostFound(message, context={"left_out": scene.facts.left_out})


RULES: tuple[HostRule, ...] = (
    HostRule(
        "scene.missing_files",
        "error",
        "every file that the scene uses is there",
        _missing,
        "Relink them, or remove what uses them.",
    ),
    HostRule(
        "scene.personal_paths",
        "error",
        "nothing lies in a home, on a desktop, among downloads or temporary files",
        _personal,
        "Copy it into the project and relink it: nobody else can read it there.",
    ),
    HostRule(
        "scene.outside_roots",
        "warning",
        "every file lies under one of the project's roots",
        _outside,
        "Copy it into the project: other machines may not have that folder.",
    ),
    HostRule(
        "scene.absolute_paths",
        "warning",
        "files that lie beside the scene are named relative to it",
        _absolute,
        "Make the paths relative, so that the scene can move.",
        fix="files.make_relative",
    ),
    HostRule(
        "scene.too_many_files",
        "warning",
        "the host could list everything that the scene uses",
        _left_out,
        "The checks cover what was listed only.",
    ),
)
