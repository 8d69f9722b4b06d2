"""The add-on switched on and off in Blender, and what it leaves: ``blender --python startup.py -- FILE``."""

import json
import sys

import addon_utils
import bpy


def ours() -> list[str]:
    """All that Blender has of us."""
    types = [name for name in dir(bpy.types) if "onepiece" in name.lower()]
    operators = [f"onepiece.{name}" for name in dir(bpy.ops.onepiece)]
    modules = [name for name in sys.modules if name.startswith("onepiece_")]  # Blender keeps an add-on's own
    drawn = [item.__module__ for item in bpy.types.TOPBAR_MT_editor_menus._dyn_ui_initialize()]
    handlers = [
        handler.__module__ for name in ("load_post", "save_post") for handler in getattr(bpy.app.handlers, name)
    ]
    properties = ["WindowManager.onepiece"] if hasattr(bpy.types.WindowManager, "onepiece") else []
    found = [*types, *operators, *modules, *properties, *(name for name in (*drawn, *handlers) if "onepiece" in name)]
    return sorted(set(found)) + [path for path in sys.path if "installed" in path]


before = ours()
addon_utils.enable("onepiece")
on = ours()
addon_utils.disable("onepiece")
off = ours()
addon_utils.enable("onepiece")
again = ours()
with open(sys.argv[sys.argv.index("--") + 1], "w") as file:
    json.dump({"before": before, "on": on, "off": off, "again": again}, file)
