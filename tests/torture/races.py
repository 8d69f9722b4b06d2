"""Two processes, one version: one winner, and a loser that is told so and has touched nothing."""

from __future__ import annotations

from collections import Counter

from tests.torture.world import World


def race(world: World, count: int, *, share: str) -> Counter[str]:
    """``share``: ``store`` races with separate destinations, ``disk`` races with separate prefixes in the store."""
    endings: Counter[str] = Counter()
    for number in range(1, count + 1):
        name = f"FG_{share}{number:04d}_v001"
        processes = []
        for side in ("a", "b"):
            folder = world.inputs(name, frames=3, salt=ord(side))
            request = (
                world.request(name, folder, world.root / f"disk-{side}")
                if share == "store"
                else world.request(name, folder, direct_upload_path=f"s3://vendor-in/{side}/{name}", bucket=None)
            )
            state = world.root / f"state-{share}-{number}-{side}"
            processes.append(world.start(state, do="publish", request=request))
        answers = [world.answer(process) for process in processes]
        assert all(answer is not None for answer in answers)
        winners = [answer for answer in answers if answer and "error" not in answer]
        losers = [answer["error"] for answer in answers if answer and "error" in answer]
        assert len(winners) == 1, f"{name}: {answers}"
        assert losers[0]["code"] == "publish.version_exists", losers
        assert losers[0]["context"]["state"] in ("in_progress", "finished")
        _check_places(world, name, share, winners[0])
        endings[f"lost while {losers[0]['context']['state']}"] += 1
    return endings


def _check_places(world: World, name: str, share: str, winner: dict[str, object]) -> None:
    from onepiece_core.verify import verify_folder

    assert verify_folder(world.root.joinpath(str(winner["package"]))).ok
    if share == "store":
        packages = [world.root / f"disk-{side}" / name for side in ("a", "b")]
        assert sum(package.exists() for package in packages) == 1, f"{name}: visible on both disks"
    versions = world.tracker.find("Version", [["code", "is", name]], ["image"])
    world.check_rows(name, versions)
