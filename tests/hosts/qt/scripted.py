"""A worker with states that are hard to reach: ``python -m tests.hosts.qt.scripted FOLDER``.

It goes on with a publish for each file ``go`` in the folder, and answers what it is asked with what it knows by heart.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from onepiece_core.errors import TrackerUnavailable, WorkfileLocked
from onepiece_core.progress import Progress
from onepiece_core.worker.loop import Call, Loop
from onepiece_core.worker.protocol import Replies

NAME = "FG_ep010_sc02_0010_comp_v004"
PROJECT = {"type": "Project", "id": 1, "name": "Frost Giant", "code": "FG", "has_children": True}
EPISODE = {"type": "Episode", "id": 2, "name": "ep010", "has_children": True}
SEQUENCE = {"type": "Sequence", "id": 3, "name": "ep010_sc02", "has_children": True}
SHOTS = [
    {"type": "Shot", "id": 10 + n, "name": f"ep010_sc02_00{n}0", "status": "ip", "has_children": False}
    for n in (1, 2, 3)
]
TASKS = [
    {"type": "Task", "id": 50 + n, "name": name, "step": {"name": name}} for n, name in enumerate(["anim", "comp"])
]
ABOVE = {"Project": [EPISODE], "Episode": [SEQUENCE], "Sequence": SHOTS}
HOURS = 3600.0
RULES = {
    "scene.range": ("error", "The scene has frames 1001-1005, the shot 1001-1100.", "frames.set_range", True),
    "maya.missing_reference": ("error", "A reference is missing: rock_v002.", None, True),
    "nuke.disabled_write": ("warning", "Write2 is switched off and will not be published.", "paper.tidy", True),
    "scene.version_exists": ("error", "v004 is published already.", None, False),
    "scene.colour_unknown": ("info", "The working space is not the show's.", None, True),
}


def listed(items: Any, age: float | None = None) -> Any:
    return {"items": items, "from_cache": age is not None, "age_seconds": age}


class Script:
    """``folder`` holds ``go``, ``away``, ``errors`` and ``searched``, by which a test steers and looks on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def age(self) -> float | None:
        return 3 * HOURS if self.has("away") else None


def info(script: Script, _call: Call) -> Any:
    online = not script.has("away")
    told = {"user": "Elif Kaya", "site": "https://frost.example", "is_online": online, "state_dir": str(script.folder)}
    return {**told, "warnings": [], "versions": {}}


def check(script: Script, call: Call) -> Any:
    facts = call.params["facts"]
    kept = {node for _, node in ((one["kind"], one["node"]) for one in facts["problems"])}
    found = [_finding(rule) for rule in RULES if script.has("errors") and (rule != "nuke.disabled_write" or kept)]
    out = call.params["request"].get("excluded") or []
    context = {
        "project": PROJECT,
        "entity": SHOTS[0],
        "task": TASKS[1],
        **{k: v for k, v in call.params["context"].items() if v},
    }
    request = {"scene_name": NAME, "show_code": "FG", "excluded": out}
    return {"context": context, "items": _items(script, out), "findings": found, "request": request, "lacking": []}


def _finding(rule: str) -> Any:
    severity, message, fix, may_ignore = RULES[rule]
    known = {"rule": rule, "severity": severity, "message": message, "fix": fix, "may_ignore": may_ignore}
    return {
        **known,
        "hint": "Look at it before you go on.",
        "nodes": ["Write2"],
        "select": "select.nodes",
        "context": {},
    }


def _items(script: Script, out: Any) -> Any:
    def item(label: str, role: str, **more: Any) -> Any:
        inside = any(one["is_included"] for one in more["children"]) if more.get("children") else label not in out
        empty = {"path": "", "files": 1, "frames": None, "missing": 0, "thumbnail": None}
        is_included = inside and role != "reference"
        return {"id": label, "label": label, "role": role, "children": [], **empty, "is_included": is_included, **more}

    thumbnail = str(script.folder / "beauty.1003.exr")
    frames = item("beauty", "render", path="/p/beauty.%04d.exr", files=5, frames="1001-1005", thumbnail=thumbnail)
    depth = item("depth", "render", path="/p/depth.%04d.exr", files=3, frames="1001-1003", missing=2)
    rocks = [item(f"rock_{n}.abc", "reference", path=f"/p/rock_{n}.abc") for n in range(3)]
    return [
        item(f"{NAME}.nk", "scene", path=f"/p/{NAME}.nk"),
        item("Renders", "render", files=8, children=[frames, depth]),
        item("Caches", "cache", files=1, children=[item("water.abc", "cache", path="/p/water.abc")]),
        item("Used", "reference", files=3, children=rocks),
    ]


def start(script: Script, call: Call) -> Any:
    (script.folder / "running").touch()
    call.step({"operation": "pub-1"})
    return _go_on(script, call, call.params["ignored"])


def attach(script: Script, call: Call) -> Any:
    return _go_on(script, call, [])


def running(script: Script, _call: Call) -> Any:
    told = {"operation": "pub-1", "name": NAME, "state": "running", "progress": None}
    return {"items": [told] if script.has("running") and not script.has("go") else []}


def thumbnail(script: Script, call: Call) -> Any:
    with (script.folder / "pictured").open("a") as file:
        file.write(call.params["path"] + "\n")
    picture = script.folder / "beauty.png"
    return {"file": str(picture) if picture.exists() else None}


def templates(script: Script, call: Call) -> Any:
    def one(name: str, step: str | None, *, is_missing: bool = False) -> Any:
        path = str(script.folder / f"{name}.nk")
        known = {"name": name, "dcc": call.params["dcc"], "step": step, "path": path, "is_missing": is_missing}
        return {"id": f"nuke/{step or '*'}", **known}

    found = [one("comp start", "comp"), one("slate", None, is_missing=True)]
    return listed([] if script.has("bare") else found)


def new(script: Script, call: Call) -> Any:
    path = script.folder / f"FG_ep010_sc02_0010_{call.params['name'] or 'comp'}_v001.nk"
    path.write_text("{}")
    return {"path": str(path), "version": 1}


def _go_on(script: Script, call: Call, ignored: Any) -> Any:
    for phase in ("stage", "push", "register"):
        for number in range(1, 6):
            call.reporter.step(
                Progress(operation="pub-1", phase=phase, done=number, total=5, item=f"beauty.100{number}.exr")
            )
            if phase == "stage" and number == 3:
                while not script.has("go"):
                    call.reporter.step(Progress(operation="pub-1", phase=phase, done=number, total=5))
                    time.sleep(0.02)
    links = {"folder": str(script.folder), "shotgrid": "https://frost.example/detail/Version/7", "s3": None}
    return {"scene_name": NAME, "files": 9, "bytes_total": 123_000_000, "ignored": ignored, "links": links}


def plan(_script: Script, _call: Call) -> Any:
    return {
        "scene_name": NAME,
        "files": 9,
        "bytes_total": 123_000_000,
        "package": f"/publish/{NAME}",
        "s3_uri": "s3://b/FG",
    }


def children(script: Script, call: Call) -> Any:
    return listed(ABOVE.get(call.params["parent"]["type"], []), script.age())


def workfiles(script: Script, call: Call) -> Any:
    if script.has("refused"):
        raise TrackerUnavailable("ShotGrid does not answer.", hint="Try again later.")
    held = {"host": "ws12", "user": "deniz", "pid": 4, "heartbeat_at": 0, "is_stale": False}
    steps = [call.params.get("step") or "comp"]
    return listed(
        [_file(script, step, number, held if number == 3 else None) for step in steps for number in (4, 3, 2, 1)]
    )


def _file(script: Script, step: str, number: int, lock: Any) -> Any:
    name = f"FG_ep010_sc02_0010_{step}_v{number:03d}.nk"
    said = {4: "sky replaced, second pass on the edges", 3: "grain", 2: "notes of Tuesday", 1: ""}[number]
    known = {"path": str(script.folder / name), "name": name, "version": number, "task": step, "step": step}
    when = time.time() - (5 - number) * 5 * HOURS
    more = {"modified_at": when, "user": "elif", "comment": said, "size_bytes": 90_000 * number, "thumbnail": None}
    return {**known, **more, "lock": lock}


def lock(script: Script, call: Call) -> Any:
    if call.params["path"].endswith("v003.nk") and not call.params["steal"]:
        raise WorkfileLocked("deniz has had it open on ws12 since 10:20.", hint="Ask deniz, or take a copy.")
    return {}


def following(script: Script, call: Call) -> Any:
    return {"path": str(script.folder / "FG_ep010_sc02_0010_comp_v005.nk"), "version": 5}


def search(script: Script, call: Call) -> Any:
    with (script.folder / "searched").open("a") as file:
        file.write(call.params["text"] + "\n")
    return listed([one for one in SHOTS if call.params["text"] in one["name"]], script.age())


def mine(script: Script, _call: Call) -> Any:
    return listed([{**TASKS[1], "parent": SHOTS[0], "project": PROJECT, "status": "ip"}], script.age())


def interrupted(script: Script, _call: Call) -> Any:
    return {"items": [] if script.has("recovered") else [{"operation": "pub-0", "scene_name": NAME}]}


def recover(script: Script, call: Call) -> Any:
    (script.folder / "recovered").touch()
    call.reporter.step(Progress(operation="recover", phase="recover", done=1, total=1))
    return {"recovered": [{"operation": "pub-0", "scene_name": NAME, "outcome": "completed"}]}


METHODS: dict[str, Any] = {
    "session.info": info,
    "publish.check": check,
    "publish.start": start,
    "publish.plan": plan,
    "publish.attach": attach,
    "publish.list": running,
    "context.projects": lambda script, _c: listed([PROJECT], script.age()),
    "context.children": children,
    "context.tasks": lambda script, _c: listed(TASKS, script.age()),
    "context.my_tasks": mine,
    "context.search": search,
    "workfiles.list": workfiles,
    "workfiles.recent": lambda script, _c: listed([_file(script, "comp", 2, None)]),
    "workfiles.lock": lock,
    "workfiles.next": following,
    "workfiles.templates": templates,
    "workfiles.new": new,
    "thumbnail": thumbnail,
    "workfiles.opened": lambda _s, _c: {},
    "recover.list": interrupted,
    "recover.run": recover,
}


def main() -> None:
    Loop(Script(Path(sys.argv[1])), METHODS, Replies(sys.stdout.buffer)).serve(sys.stdin.buffer)


if __name__ == "__main__":
    main()
