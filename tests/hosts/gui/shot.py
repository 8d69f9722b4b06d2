"""A shot as an artist has it: a scene, its renders, and the settings of a studio that publishes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from onepiece_server.sandbox.report import SandboxReport
from tests.support.media import write_exr

BUCKET = "studio-prod-data"


def artists_environment(env: dict[str, str], studio: SandboxReport, root: Path | None = None) -> dict[str, str]:
    """What Blender and its worker see: Elif of the sandbox's studio, who publishes to one bucket."""
    settings = Path(env["XDG_CONFIG_HOME"]) / "onepiece" / "onepiece.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    projects = f'[roots.projects]\nlinux = "{root}"\n' if root else ""
    settings.write_text(f'[publish]\nbucket = "{BUCKET}"\n{projects}')
    return {**env, **studio.env, "LOGNAME": "elif", "LIBGL_ALWAYS_SOFTWARE": "1"}


def make_scene(folder: Path, name: str, environ: dict[str, str], frames: int, *, extra: str = "pass") -> Path:
    """``name.blend`` and the frames that it renders to. ``extra``: more Python for the scene."""
    renders = folder / "renders" / name
    renders.mkdir(parents=True)
    for frame in range(1001, 1001 + frames):
        write_exr(renders / f"{name}.{frame}.exr", seed=frame)
    scene = folder / f"{name}.blend"
    code = (
        "import bpy; scene = bpy.context.scene;"
        f"scene.render.filepath = {str(renders / (name + '.####.exr'))!r};"
        "scene.render.image_settings.file_format = 'OPEN_EXR';"
        f"scene.frame_start = 1001; scene.frame_end = {1000 + frames};"
        f"{extra}; bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    )
    command = ["blender", "--background", "--factory-startup", "--python-expr", code]
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=120)
    assert scene.is_file()
    return scene
