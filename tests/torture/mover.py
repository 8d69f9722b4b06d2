"""A process that moves one file, to be killed: ``python -m tests.torture.mover up|down PATH KEY``.

The server, the bucket and the state folder are given as MOVER_ENDPOINT, MOVER_BUCKET and MOVER_STATE.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pydantic import SecretStr

from onepiece_core.checksums import Stamp
from onepiece_core.config import AwsSettings
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import Download, NotMoved, Upload
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.opening import open_store


def main(way: str, path: Path, key: str) -> None:
    aws = AwsSettings(
        region="us-east-1",
        endpoint_url=os.environ["MOVER_ENDPOINT"],
        access_key_id="TESTKEY",
        secret_access_key=SecretStr("test-secret"),
    )
    store = open_store(os.environ["MOVER_BUCKET"], aws)
    engine = open_engine("auto", store, state_dir=Path(os.environ["MOVER_STATE"]))
    if way == "up":
        item: Upload | Download = Upload(key, path, Stamp.of(path.stat()))
    else:
        info = store.find(key)
        if info is None:
            raise SystemExit(f"there is no {key}")
        item = Download(key, path, info.size_bytes, info.etag, info.modified)
    for result in engine.move([item], Reporter(), operation="sync"):
        if isinstance(result, NotMoved):
            raise SystemExit(str(result.error))
        print(json.dumps({"xxh128": result.xxh128, "bytes_moved": result.bytes_moved, "etag": result.etag}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
