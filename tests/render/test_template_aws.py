"""AWS's own submitter takes the template of Blender as it is."""

from __future__ import annotations

import json
from pathlib import Path

from onepiece_core.farm.template import load_template
from tests.farm.test_deadline_cli import deadline, service
from tests.support.deadline_service import FARM, QUEUE, Service

__all__ = ["service"]  # the fixture


def test_awss_own_tool_submits_the_template_of_blender(service: Service, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "a.blend").write_bytes(b"BLENDER")
    (bundle / "template.json").write_text(json.dumps(load_template("blender").document))
    values = {"Scene": tmp_path / "a.blend", "Output": tmp_path / "out", "Frames": "1-10", "ChunkSize": "5"}
    options = [word for name, value in values.items() for word in ("--parameter", f"{name}={value}")]
    where = ("--farm-id", FARM, "--queue-id", QUEUE)
    deadline(service, tmp_path / "home", "bundle", "submit", str(bundle), "--yes", *where, "--name", "by-aws", *options)
    (job,) = service.farm.jobs.values()
    taken = json.loads(job.asked["template"])
    assert taken["steps"] == load_template("blender").document["steps"]
    assert "by-aws" in deadline(service, tmp_path / "home", "job", "list", *where)
