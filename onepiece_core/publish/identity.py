"""Is what lies at the inputs now what a finished publish holds?"""

from __future__ import annotations

from typing import Any

from onepiece_core.checksums import hash_file
from onepiece_core.manifest.package import PackageManifest
from onepiece_core.publish.collect import Collected
from onepiece_core.publish.scene_check import without_ignored


def is_very_publish(collected: Collected, metadata: dict[str, Any], manifest: PackageManifest) -> bool:
    """Same files with the same bytes, and the same metadata. Files whose time stamp changed are read."""
    published = {file.path: file for file in manifest.files}
    if published.keys() != {file.package_path for file in collected.files} or without_ignored(
        metadata
    ) != without_ignored(manifest.metadata):
        return False
    touched = []
    for file in collected.files:
        before = published[file.package_path]
        if file.size_bytes != before.size_bytes:
            return False
        if file.mtime_ns != before.mtime_ns:
            touched.append(file)
    return all(hash_file(file.path).digests["xxh128"] == published[file.package_path].xxh128 for file in touched)
