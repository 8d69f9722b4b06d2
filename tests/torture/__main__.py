"""``python -m tests.torture --seed 7 [--only kills,races,...]``: the long batteries, with a table at the end."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from onepiece_server.sandbox import studio
from tests.torture.adoptions import adopt_publishes
from tests.torture.api_description import try_the_api
from tests.torture.bulk_storms import bulk_through_storms
from tests.torture.deliver_kills import kill_deliveries
from tests.torture.faulty_store import faulty_store
from tests.torture.full_disks import fill_disks
from tests.torture.ingest_kills import kill_many_ingests
from tests.torture.kills import kill_publishes
from tests.torture.many_workers import post_to_many
from tests.torture.odd_bodies import try_odd_bodies
from tests.torture.planted_shows import reconcile_planted
from tests.torture.races import race
from tests.torture.registrations import register_through_faults
from tests.torture.request_bodies import send_bodies
from tests.torture.server_kills import kill_servers, kill_servers_of_postgres
from tests.torture.show_kills import kill_show_setups
from tests.torture.site_kills import kill_batches
from tests.torture.stream_clients import come_and_go
from tests.torture.tracker_machine import run_machine
from tests.torture.transfers import MIB, kill_downloads, kill_uploads, transfer_through_faults, with_a_server
from tests.torture.world import World

Battery = Callable[[World, int], Counter[str]]

BATTERIES: dict[str, Battery] = {
    "kills": lambda world, seed: kill_publishes(world, 200, seed),
    "store-races": lambda world, _: race(world, 50, share="store"),
    "adoptions": lambda world, seed: adopt_publishes(world, 56, seed),
    "dropped-replies": lambda world, _: register_through_faults(world, 500, fault="drop_reply"),
    "late-commits": lambda world, _: register_through_faults(world, 500, fault="commit_late"),
    "disk-races": lambda world, _: race(world, 50, share="disk"),
    "killed-batches": lambda world, seed: kill_batches(world.root / "site", 100, seed),
    "faulty-store": lambda world, seed: faulty_store(world, 200, seed),
    "bulk-storms": lambda world, seed: bulk_through_storms(world, 5000, seed),
    "killed-deliveries": lambda world, seed: kill_deliveries(world.root / "deliveries", world.env, 100, seed),
    "killed-shows": lambda world, seed: kill_show_setups(world, 100, seed),
    "tracker-machine": lambda world, seed: run_machine(world.root / "machine", 200, seed),
    "killed-ingests": lambda world, seed: kill_many_ingests(world.root / "ingests", 200, seed),
    "killed-servers": lambda world, seed: kill_servers(world.root / "server", 200, seed),
    "killed-servers-postgresql": lambda world, seed: kill_servers_of_postgres(world.root / "server", 50, seed),
    "stream-clients": lambda world, _: come_and_go(world.root / "server", 200, 5),
    "full-disks": lambda world, seed: fill_disks(world.root / "server", 50, seed),
    "many-workers": lambda world, _: post_to_many(world.root / "server", 1000, 20),
    "described-api": lambda world, seed: try_the_api(world.root / "server", 200, 200, seed),
    "request-bodies": lambda world, _: send_bodies(world.root / "server", 40, 200),
    "odd-bodies": lambda world, seed: try_odd_bodies(world.root / "server", 2000, seed),
    "planted-shows": lambda world, _: reconcile_planted(world.root / "planted", 200, 200),
    "killed-uploads": lambda world, seed: with_a_server(
        world.root / "transfers", lambda folder, weed: kill_uploads(folder, weed, 20, 512 * MIB, seed)
    ),
    "killed-downloads": lambda world, seed: with_a_server(
        world.root / "transfers", lambda folder, weed: kill_downloads(folder, weed, 20, 512 * MIB, seed)
    ),
    "faulty-transfers": lambda world, seed: with_a_server(
        world.root / "transfers", lambda folder, weed: transfer_through_faults(folder, weed, 100, seed)
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(BATTERIES))
    options = parser.parse_args()
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory(prefix="onepiece-torture-") as folder:
            began = time.monotonic()
            report = studio.up(Path(folder) / "studio")
            try:
                endings = BATTERIES[name](World(Path(folder), dict(report.env)), options.seed)
            finally:
                studio.down(Path(folder) / "studio", grace_seconds=0)
        print(f"{name}: {sum(endings.values())} in {time.monotonic() - began:.0f} s, all whole", flush=True)
        for ending, count in endings.most_common():
            print(f"  {count:5}  {ending}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
