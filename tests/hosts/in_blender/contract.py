"""The contract of hosts, inside Blender: collected by pytest in Blender's own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from onepiece_hosts.host import Host
from tests.hosts.contract import HostContract


class TestBlender(HostContract):
    @pytest.fixture
    def host(self) -> Host:
        import bpy

        from onepiece_hosts.blender.adapter import BlenderHost

        bpy.ops.wm.read_factory_settings(use_empty=True)
        return BlenderHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        import bpy

        made = bpy.data.images.new("made", 8, 8)
        made.filepath_raw, made.file_format = str(tmp_path / "wood.png"), "PNG"
        made.save()
        bpy.data.images.remove(made)
        return tmp_path / "wood.png"

    def use_picture(self, path: Path) -> None:
        import bpy

        bpy.data.images.load(str(path)).use_fake_user = True

    def use_sequence(self, first: Path) -> None:
        import bpy

        image = bpy.data.images.load(str(first))
        image.use_fake_user, image.source = True, "SEQUENCE"

    def use_tiles(self, first: Path) -> None:
        import bpy

        image = bpy.data.images.load(str(first))
        image.use_fake_user, image.source = True, "TILED"
        image.filepath = str(first).replace("1001", "<UDIM>")

    def break_something(self) -> None:
        import bpy

        bpy.data.objects.new("broken", None)
