"""What no test has shown, host by host: behaviour that fakes only assume. Whoever has the host can look."""

from __future__ import annotations

COMMON = (
    "that the host finds and runs the start-up files in the places where they are installed",
    "that panels made with Qt have the host's main window as their parent and stay responsive in it",
)
UNPROVEN: dict[str, tuple[str, ...]] = {
    "blender": (
        "start-up as an extension in 4.2 and later, and is_modified and the closing event of 5.2, outside of the lane "
        "with the bpy module",
    ),
    "maya": (
        *COMMON,
        "which scene Maya has after it failed to read one; here a scene that it names is taken as open",
        "that the file path editor lists every file, by folder and in pairs of name and attribute, in batch as well",
        "how the file path editor names textures with #### or <f>; here their marks stand for frames",
        "the file names that renderSettings makes with other renderers, layers and naming conventions than Maya's own",
        "that a reference can be locked while it is unloaded, and keeps its edits",
        "which movies playblast can write on Linux, macOS and Windows",
        "whether file(query, modified) is right in batch",
        "that executeDeferred may be called by a thread that Maya did not start, and when it runs in batch",
        "that kMayaExiting comes early enough to end the worker",
    ),
    "nuke": (
        *COMMON,
        "that scriptClear and scriptOpen ask nothing when the script has unsaved changes",
        "what Nuke leaves open after it failed to read a script",
        "that scriptSaveAs names the script, also in a terminal session",
        "that getEvaluatedValue keeps %04d and %V, and carries out expressions of file knobs inside groups and gizmos",
        "that nodes of unknown classes can be asked for their knobs",
        "how Read nodes with <UDIM>, %(UDIM)d and %V evaluate; here the marks stay as they are",
        "that Viewer.capture writes the picture before it returns",
        "that executeInMainThread, called on the main thread, runs after a save has ended",
        "that the Qt application's aboutToQuit comes when Nuke is closed",
    ),
    "houdini": (
        *COMMON,
        "that pythonrc.py below scripts/python may put work off with hdefereval before there is a window",
        "which references fileReferences tells: locked assets, LOP layers, library files without a parameter",
        "that a node whose asset is not installed warns of an incomplete asset definition before it is cooked",
        "that hipFile.load raises LoadWarning after the scene was loaded, not before",
        "cameras and resolutions of Solaris stages: only cameras among the objects are told",
        "that output types and their parameters are called so in third-party renderers",
        "the name that hipFile.save gives a scene with an Indie or Apprentice licence",
        "whether hasUnsavedChanges is right in hython",
        "that a flipbook of one frame writes exactly the file that was asked for",
        "that the Qt application's aboutToQuit comes when Houdini is closed",
    ),
}
