"""Mistakes planted in our adapters, one at a time: calls that the host does not have, in the module that makes them.

Each is a change of one place in the source, and what brings it to run. Over the guarded fakes, or in Blender itself,
it must end in the error that the host would raise.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Run = Callable[[Any, Path], object]


@dataclass(frozen=True)
class Mistake:
    """``right`` stands in ``module`` of the host's package; ``run`` gets the names of the module and a folder."""

    what: str
    module: str
    right: str
    wrong: str
    error: type[Exception]
    run: Run


def plant(host: str, mistake: Mistake, *, is_planted: bool = True) -> Any:
    """The names of the module with the mistake in it; the module itself is not touched."""
    name = f"onepiece_hosts.{host}.{mistake.module}"
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert mistake.right in source, f"{name} has changed: there is no {mistake.right}"
    if is_planted:
        source = source.replace(mistake.right, mistake.wrong)
    names: dict[str, Any] = {"__name__": name, "__file__": spec.origin}
    exec(compile(source, spec.origin, "exec"), names)
    return SimpleNamespace(**names)


def _saved(host: Any, folder: Path) -> str:
    path = (folder / f"a{host.extensions[0]}").as_posix()
    host.save_as(path)
    return path


def _open_again(host: Any, folder: Path) -> None:
    host.open_scene(_saved(host, folder))


class _NoHost:
    """For actions that do not ask it."""


MAYA = (
    Mistake(
        "an unknown function",
        "adapter",
        "cmds.about(version=True)",
        "cmds.aboutMaya(version=True)",
        AttributeError,
        lambda names, _: names.MayaHost().version(),
    ),
    Mistake(
        "a wrong keyword",
        "actions",
        "noExpand=True",
        "noexpand=True",
        TypeError,
        lambda names, _: names.actions(_NoHost())["select.nodes"](["persp"], {}),
    ),
    Mistake(
        "a wrong constant",
        "events",
        "MSceneMessage.kMayaExiting",
        "MSceneMessage.kMayaQuitting",
        AttributeError,
        lambda names, _: names.on("closing", lambda: None),
    ),
    Mistake(
        "too many arguments",
        "actions",
        "cmds.objExists(node)",
        "cmds.objExists(node, True)",
        TypeError,
        lambda names, _: names.actions(_NoHost())["select.nodes"](["persp"], {}),
    ),
    Mistake(
        "a value of the wrong type",
        "actions",
        "minTime=first",
        "minTime=str(first)",
        TypeError,
        lambda names, _: names.actions(_NoHost())["frames.set_range"]([], {"first": 1, "last": 2}),
    ),
    Mistake(
        "an invented function of another module",
        "adapter",
        "utils.executeDeferred(work)",
        "utils.executeLater(work)",
        AttributeError,
        lambda names, _: names.MayaHost().call_later(lambda: None),
    ),
)
NUKE = (
    Mistake(
        "an unknown function",
        "adapter",
        "nuke.scriptClear()",
        "nuke.scriptCloseAll()",
        AttributeError,
        lambda names, folder: _open_again(names.NukeHost(), folder),
    ),
    Mistake(
        "a wrong keyword",
        "knobs",
        "recurseGroups=True",
        "recurse=True",
        TypeError,
        lambda names, _: names.every_node(),
    ),
    Mistake(
        "a method that the class does not have",
        "adapter",
        "nuke.root().modified()",
        "nuke.root().isModified()",
        AttributeError,
        lambda names, _: names.NukeHost().is_modified(),
    ),
    Mistake(
        "a wrong constant",
        "adapter",
        "nuke.NUKE_VERSION_STRING",
        "nuke.NUKE_VERSION",
        AttributeError,
        lambda names, _: names.NukeHost().version(),
    ),
    Mistake(
        "too few arguments",
        "events",
        "nuke.addOnScriptSave(told)",
        "nuke.addOnScriptSave()",
        TypeError,
        lambda names, _: names.on("saved", lambda: None, lambda work: work()),
    ),
    Mistake(
        "an invented class",
        "knobs",
        "isinstance(knob, nuke.File_Knob)",
        "isinstance(knob, nuke.FileKnob)",
        AttributeError,
        lambda names, _: names.evaluated(None),
    ),
)
HOUDINI = (
    Mistake(
        "an unknown function",
        "adapter",
        "hou.hipFile.hasUnsavedChanges()",
        "hou.hipFile.isModified()",
        AttributeError,
        lambda names, _: names.HoudiniHost().is_modified(),
    ),
    Mistake(
        "a wrong keyword",
        "adapter",
        "suppress_save_prompt=True",
        "suppress_prompt=True",
        TypeError,
        lambda names, folder: _open_again(names.HoudiniHost(), folder),
    ),
    Mistake(
        "a wrong constant",
        "events",
        "hipFileEventType.AfterSave",
        "hipFileEventType.PostSave",
        AttributeError,
        lambda names, _: names.on("saved", lambda: None),
    ),
    Mistake(
        "too few arguments",
        "actions",
        "hou.playbar.setPlaybackRange(first, last)",
        "hou.playbar.setPlaybackRange(first)",
        TypeError,
        lambda names, _: names.actions(_NoHost())["frames.set_range"]([], {"first": 1, "last": 2}),
    ),
    Mistake(
        "a name for a constant",
        "outputs",
        "node.isGenericFlagSet(hou.nodeFlag.Bypass)",
        'node.isGenericFlagSet("Bypass")',
        TypeError,
        lambda names, _: list(names.iter_outputs()),
    ),
    Mistake(
        "a method that the class does not have",
        "adapter",
        "hou.licenseCategory().name()",
        "hou.licenseCategory().label()",
        AttributeError,
        lambda names, _: names.HoudiniHost(),
    ),
)
BLENDER = (
    Mistake(
        "an invented attribute",
        "adapter",
        "bpy.app.version",
        "bpy.app.versions",
        AttributeError,
        lambda names, _: names.BlenderHost().version(),
    ),
    Mistake(
        "a wrong keyword",
        "adapter",
        "load_ui=False",
        "load_gui=False",
        TypeError,
        lambda names, folder: _open_again(names.BlenderHost(), folder),
    ),
    Mistake(
        "an operator that is not there",
        "adapter",
        "bpy.ops.wm.save_as_mainfile",
        "bpy.ops.wm.save_mainfile_as",
        AttributeError,
        lambda names, folder: _saved(names.BlenderHost(), folder),
    ),
    Mistake(
        "a value of the wrong type",
        "actions",
        'now.frame_start, now.frame_end = int(context["first"])',
        'now.frame_start, now.frame_end = str(context["first"])',
        TypeError,
        lambda names, _: names.actions(_NoHost())["frames.set_range"]([], {"first": 1, "last": 2}),
    ),
    Mistake(
        "too many arguments",
        "actions",
        "one.select_set(one.name in wanted or _uses(one, wanted))",
        "one.select_set(one.name in wanted, None, True)",
        TypeError,
        lambda names, _: names.actions(_NoHost())["select.nodes"](["Cube"], {}),
    ),
    Mistake(
        "an unknown function",
        "now",
        "bpy.context.scene",
        "bpy.context.get_scene()",
        AttributeError,
        lambda names, _: names.scene(),
    ),
)
