"""AWS's own C client as an engine."""

from __future__ import annotations

from contextlib import closing

from onepiece_core.storage.engine import Download, Upload
from onepiece_core.storage.engines.batches import Errand
from onepiece_core.storage.s3.client import Target
from onepiece_core.storage.s3.crt_client import CrtTransfers


class Crt:
    """A :class:`~onepiece_core.storage.engines.batches.Client`."""

    name = "crt"

    def __init__(self, target: Target) -> None:
        self._target = target
        # An engine that cannot work says so before anything is moved.
        CrtTransfers(target).close()

    def can_carry(self, item: Upload | Download) -> bool:
        """It hangs on empty files, and multipart belongs to the pool, which can continue it."""
        size = item.stamp.size_bytes if isinstance(item, Upload) else item.size_bytes
        return size > 0

    def carry(self, errands: list[Errand]) -> dict[int, str]:
        failed: dict[int, str] = {}
        with closing(CrtTransfers(self._target)) as transfers:
            futures = [
                transfers.upload(str(errand.path), errand.key, errand.metadata)
                if errand.is_upload
                else transfers.download(errand.key, str(errand.path))
                for errand in errands
            ]
            for place, future in enumerate(futures):
                try:
                    future.result()
                except Exception as error:  # botocore's, awscrt's and the system's, told as the reason
                    failed[place] = str(error) or type(error).__name__
        return failed
