"""Inside Blender's window: answers questions about what is there. It presses nothing; the mouse does.

``blender --python remote.py -- PORT_FILE``: a line of Python comes in over a socket, its value goes back as JSON.
"""

import json
import os
import queue
import socket
import sys
import threading

import bpy

asked: "queue.SimpleQueue" = queue.SimpleQueue()


def answer() -> float:
    """One question each turn: what mouse and keys did before a question is carried out two questions later."""
    if not asked.empty():
        line, stream = asked.get()
        names = {"bpy": bpy, "drawn": drawn, "redrawn": redrawn, "redraw": redraw}
        try:
            told = {"value": eval(line, names)}
        except Exception as error:
            told = {"error": repr(error)}
        stream.write((json.dumps(told, default=str) + "\n").encode())
        stream.flush()
    return 0.01


drawn: list = []


redrawn: list = []


def redraw() -> None:
    """Ask for a new picture of everything; ``redrawn`` tells when it is there."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()


def menu_drawn(_menu: object, _context: object) -> None:
    drawn.append("menu")


def serve() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with open(sys.argv[sys.argv.index("--") + 1], "w") as file:
        file.write(f"{listening.getsockname()[1]}\n")
    while True:
        stream = listening.accept()[0].makefile("rwb")
        for line in stream:
            asked.put((line.decode(), stream))


def free_the_copy_key() -> None:
    """Ctrl+C copies buttons, not the scene."""
    for keys in bpy.context.window_manager.keyconfigs.default.keymaps:
        for item in keys.keymap_items:
            if item.type == "C" and item.ctrl and "copy" in item.idname:
                item.active = False


def make_light() -> None:
    """A viewport that costs little to draw without a graphics card."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.spaces.active.overlay.show_overlays = False
                area.spaces.active.shading.type = "WIREFRAME"


bpy.context.preferences.view.show_splash = False
bpy.context.preferences.view.show_tooltips = False
bpy.context.preferences.view.use_save_prompt = False
free_the_copy_key()
if "KEEP_PICTURES" not in os.environ:
    make_light()
bpy.app.timers.register(answer, persistent=True)
if hasattr(bpy.types, "ONEPIECE_MT_menu"):
    bpy.types.ONEPIECE_MT_menu.append(menu_drawn)
bpy.types.SpaceView3D.draw_handler_add(lambda: redrawn.append(1), (), "WINDOW", "POST_PIXEL")
threading.Thread(target=serve, daemon=True).start()
