"""Small packages as a publish leaves them, made by hand."""

from __future__ import annotations

from pathlib import Path

import xxhash

from onepiece_core.manifest.mhl import package_mhl
from onepiece_core.manifest.package import FOLDERS, MANIFEST_NAME, PackageFile, PackageManifest, dump_manifest

SCENE_NAME = "FG_ep010_sc02_0010_comp_v004"
CONTENT = {
    "scene/FG_ep010_sc02_0010_comp_v004.nk": b"the scene",
    **{f"renders/{SCENE_NAME}.{frame}.exr": b"frame %d" % frame for frame in range(1001, 1006)},
    "renders/left & right/mask.1001.exr": b"mask",
    f"previews/{SCENE_NAME}.mov": b"movie" * 100_000,
}


def make_package(parent: Path, content: dict[str, bytes] | None = None, **fields: object) -> Path:
    """Write a package to ``parent`` and give its folder."""
    folder = parent / SCENE_NAME
    for path, data in (content or CONTENT).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    manifest = make_manifest(content or CONTENT, **fields)
    data = dump_manifest(manifest)
    (folder / MANIFEST_NAME).write_bytes(data)
    for path, text in package_mhl(manifest, data).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(text)
    return folder


def make_manifest(content: dict[str, bytes], **fields: object) -> PackageManifest:
    roles = {folder: role for role, folder in FOLDERS.items()}
    files = tuple(
        PackageFile(
            path=path,
            role=roles[path.partition("/")[0]],
            size_bytes=len(data),
            xxh128=xxhash.xxh3_128_hexdigest(data),
            mtime_ns=1_700_000_000_123_456_789,
        )
        for path, data in content.items()
    )
    values: dict[str, object] = {
        "operation": "20250301-aaaa",
        "scene_name": SCENE_NAME,
        "version": 4,
        "dcc": "nuke",
        "show_code": "FG",
        "show_type": "vfx",
        "created_at": "2025-03-01T12:00:00Z",
        "created_by": "artist@workstation",
        "tool": "onepiece 0.1.0",
        "comment": "final & <approved>",
        "files": files,
    }
    return PackageManifest(**{**values, **fields})  # type: ignore[arg-type]
