"""Rules about an open scene as a whole: saved, named, set to what the shot is, rendered by the right camera."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from onepiece_core.errors import NameInvalid
from onepiece_core.naming import check_scene_name
from onepiece_core.rules.host_facts import CameraFact, OutputFact
from onepiece_core.rules.host_rule import HostFound, HostRule, SceneCheck, folded

# What a person calls the fields that a request lacks.
_LACKING = {
    "scene_name": ("a name: the scene was never saved", "Save the scene under the show's name first."),
    "show_code": ("a project", "Choose the project that the scene belongs to."),
    "destination": ("a destination", "Set publish.destination in onepiece.toml, or choose the shot."),
    "bucket": ("a bucket", "Set publish.bucket in onepiece.toml."),
}


def _unsaved(scene: SceneCheck) -> Iterator[HostFound]:
    facts = scene.facts
    if facts.scene is None:
        if not any(each.what == "scene" for each in facts.unread):
            hint = "Save it under the show's name, in the shot's work folder."
            yield HostFound("the scene was never saved", hint=hint, fix="", may_ignore=False)
    elif facts.modified:
        yield HostFound("the scene has changes that are not saved")
    elif facts.modified is None:
        hint = "Save it once more when you are not sure: what is published is the file."
        yield HostFound("the host cannot tell whether the scene is saved", severity="warning", hint=hint)


def _range(scene: SceneCheck) -> Iterator[HostFound]:
    there, shot = scene.facts.range, scene.shot
    wanted = (shot.cut or shot.full) if shot else None
    if there is None or shot is None or wanted is None:
        return
    full = shot.full or wanted
    if (there.first, there.last) in (wanted, full):
        return
    handles = f" ({full[0]}-{full[1]} with handles)" if full != wanted else ""
    context = {"first": wanted[0], "last": wanted[1], "handle_first": full[0], "handle_last": full[1]}
    message = f"the scene's range is {there.first}-{there.last}, {shot.name} has {wanted[0]}-{wanted[1]}{handles}"
    yield HostFound(message, context=context)


def _fps(scene: SceneCheck) -> Iterator[HostFound]:
    told, shot = scene.facts.fps, scene.shot
    if not told or shot is None or shot.fps is None:
        return
    there = Fraction(told[0], told[1]) if told[1] else Fraction(0)
    if there != shot.fps:
        context = {"fps": [shot.fps.numerator, shot.fps.denominator]}
        message = f"the scene runs at {_rate(there)} frames per second, {shot.name} at {_rate(shot.fps)}"
        yield HostFound(message, context=context)


def _rate(fps: Fraction) -> str:
    return f"{float(fps):.6g}"


def _resolution(scene: SceneCheck) -> Iterator[HostFound]:
    there, shot = scene.facts.resolution, scene.shot
    if there is None or shot is None or not shot.width or not shot.height:
        return
    if (there.width, there.height) != (shot.width, shot.height):
        context = {"width": shot.width, "height": shot.height}
        message = f"the scene renders {there.width} x {there.height}, {shot.name} is {shot.width} x {shot.height}"
        yield HostFound(message, context=context)


def _colour(scene: SceneCheck) -> Iterator[HostFound]:
    colour = scene.facts.colour
    if colour is not None and not colour.is_known:
        yield HostFound(
            f"the colour configuration cannot be found: {colour.config or 'it has no name'}",
            context={"config": colour.config},
        )


def _default_camera(scene: SceneCheck) -> Iterator[HostFound]:
    found = [each for each in scene.facts.cameras or () if each.is_default and each.is_renderable]
    if found:
        names = ", ".join(each.label for each in found[:3])
        verb = "is rendered and is the one" if len(found) == 1 else "are rendered and are those"
        yield HostFound(f"{names} {verb} that every new scene has", [each.id for each in found])


def _duplicates(scene: SceneCheck) -> Iterator[HostFound]:
    outputs: dict[str, list[OutputFact]] = {}
    for output in scene.facts.outputs or ():
        if output.is_enabled and output.path:
            outputs.setdefault(folded(output.path).lower(), []).append(output)
    for same in outputs.values():
        if len(same) > 1:
            names = ", ".join(each.label for each in same[:5])
            message = f"{names} write the same files: {same[0].path}"
            yield HostFound(message, [each.id for each in same], {"path": same[0].path}, severity="error")
    cameras: dict[str, list[CameraFact]] = {}
    for camera in scene.facts.cameras or ():
        cameras.setdefault(camera.label, []).append(camera)
    for label, alike in cameras.items():
        if len(alike) > 1:
            yield HostFound(f"{len(alike)} cameras are called {label}", [each.id for each in alike])
    yield from _colliding(scene)


def _colliding(scene: SceneCheck) -> Iterator[HostFound]:
    """Files keep their names in a package, whatever folder they come from."""
    outputs = scene.facts.outputs or ()
    for paths in scene.inputs.values():
        named: dict[str, list[str]] = {}
        for path in paths:
            named.setdefault(path.rpartition("/")[2].lower(), []).append(path)
        for alike in (found for found in named.values() if len(found) > 1):
            yield HostFound(
                f"{len(alike)} outputs would be one in the package: {', '.join(alike[:5])}",
                [each.id for each in outputs if each.path in alike],
                {"paths": alike},
                severity="error",
                hint="Give them names of their own, or take all but one out.",
                may_ignore=False,
            )


def _name(scene: SceneCheck) -> Iterator[HostFound]:
    name = scene.scene_name
    if name is None:
        return
    try:
        check_scene_name(name)
    except NameInvalid as error:
        yield HostFound(error.report.message, severity="error", hint=error.report.hint, may_ignore=False)
        return
    told = scene.told
    if not told.show and not scene.convention.parse_scene(f"{name}_v001"):
        template = scene.convention.scene.text
        yield HostFound(f"{name} does not follow the show's naming {template}", context={"template": template})
    elif scene.entity and told.shot_path and not _means(told.shot_path, scene.entity):
        message = f"{name} is called like {told.shot_path.replace('/', '_')}, and {scene.entity} is chosen"
        yield HostFound(message, context={"entity": scene.entity}, severity="error")


def _means(shot_path: str, entity: str) -> bool:
    """``ep010/sc02/0010`` is meant by ep010_sc02_0010, by sc02_0010, and by 0010."""
    told, chosen = shot_path.split("/"), entity.replace("/", "_").split("_")
    return told[-len(chosen) :] == chosen if len(chosen) <= len(told) else chosen[-len(told) :] == told


def _version(scene: SceneCheck) -> Iterator[HostFound]:
    if scene.taken and scene.scene_name:
        yield HostFound(f"{scene.scene_name} is published already: {scene.taken}", context={"place": scene.taken})
    elif scene.unasked and scene.scene_name:
        yield HostFound(
            f"only the disk was searched for {scene.scene_name}, ShotGrid cannot be asked: {scene.unasked}",
            severity="warning",
            hint="A version that ShotGrid has already is refused when it is published.",
        )


def _lacking(scene: SceneCheck) -> Iterator[HostFound]:
    for name in scene.lacking:
        if name == "scene_name" and scene.facts.scene is None:
            continue  # told by scene.unsaved
        what, hint = _LACKING.get(name, (name.replace("_", " "), "Set it in onepiece.toml."))
        yield HostFound(f"the publish lacks {what}", context={"field": name}, hint=hint)


def _context(scene: SceneCheck) -> Iterator[HostFound]:
    if scene.choices and scene.entity is None:
        names = ", ".join(str(each["name"]) for each in scene.choices)
        context = {"choices": [dict(each) for each in scene.choices]}
        yield HostFound(f"the scene may belong to several shots: {names}", context=context, severity="error")
    elif scene.trouble:
        yield HostFound(f"ShotGrid's values of the shot are not known: {scene.trouble}")
    elif scene.entity is None:
        yield HostFound("no shot or asset is chosen: nothing is compared with ShotGrid")


RULES: tuple[HostRule, ...] = (
    HostRule("scene.unsaved", "error", "the scene is saved", _unsaved, "Save the scene.", fix="scene.save"),
    HostRule(
        "scene.name",
        "warning",
        "the scene's name follows the show's naming and is that of the chosen shot",
        _name,
        "Save it under the right name, or choose another shot.",
    ),
    HostRule(
        "scene.version_exists",
        "error",
        "the version was not published before",
        _version,
        "Save the next version, then publish that.",
    ),
    HostRule("scene.lacking", "error", "everything that a publish needs is known", _lacking, may_ignore=False),
    HostRule(
        "scene.context",
        "warning",
        "the shot or asset is known, with what ShotGrid says of it",
        _context,
        "Choose the shot; what cannot be reached is registered later.",
    ),
    HostRule(
        "scene.range",
        "error",
        "the scene's range is the shot's cut, or the cut with its handles",
        _range,
        "Set the shot's range.",
        fix="frames.set_range",
    ),
    HostRule(
        "scene.fps", "error", "the scene runs at the rate of the shot", _fps, "Set the shot's rate.", "scene.set_fps"
    ),
    HostRule(
        "scene.resolution",
        "warning",
        "the scene renders in the resolution of the shot",
        _resolution,
        "Set the shot's resolution.",
        fix="scene.set_resolution",
    ),
    HostRule(
        "scene.colour_unknown",
        "error",
        "the colour configuration that the scene names can be found",
        _colour,
        "Point the scene, or OCIO, at the show's configuration.",
    ),
    HostRule(
        "scene.default_camera",
        "warning",
        "no camera is rendered that every new scene has",
        _default_camera,
        "Render the shot's camera.",
    ),
    HostRule(
        "scene.duplicate_names",
        "warning",
        "no two outputs write the same files, no two cameras share a name",
        _duplicates,
        "Rename one of them.",
    ),
)
