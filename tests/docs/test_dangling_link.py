"""The script beside s5cmd shows what the page says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from onepiece_core.storage.s3.admin import create_bucket
from tests.support.weed import Weed, weed

__all__ = ["weed"]

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "dangling_link.sh"


def test_the_dangling_link_costs_them_objects_and_us_none(weed: Weed, env: dict[str, str], tmp_path: Path):
    create_bucket(weed.aws, "dangling")
    keys = {"AWS_ACCESS_KEY_ID": weed.access_key, "AWS_SECRET_ACCESS_KEY": weed.secret_key}
    keys |= {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": weed.endpoint_url}
    done = subprocess.run(
        ["bash", SCRIPT, "dangling"], env={**env, **keys}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    left = {tool: int(count) for tool, count in re.findall(r"^(\w+): +(\d+) of 21", done.stdout, re.MULTILINE)}
    assert left["onepiece"] == 21
    assert left["s5cmd"] < 21
    assert "sc01/1004.old.exr: the link leads nowhere" in done.stdout
