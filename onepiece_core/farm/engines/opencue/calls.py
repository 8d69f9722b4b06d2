"""Requests to a Cuebot by OpenCue's own protocol buffers, and what their failures mean.

pycue itself keeps one channel and one list of hosts for the whole process; a server with several threads and farms
cannot share it, so its generated stubs are used directly.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

from onepiece_core.errors import (
    FarmError,
    FarmProtocolError,
    FarmTimeout,
    FarmUnauthorized,
    FarmUnavailable,
    JobConflict,
    JobRejected,
    JobUnknownToFarm,
)

NAME = "opencue"
_SECONDS = 20.0
_LARGEST_MESSAGE = 64 * 1024 * 1024
# Seconds until a Cuebot that was away is tried again.
_BACKOFF_MS = 1000


class Calls:
    """One channel to one Cuebot, opened when it is first used; threads may share it."""

    def __init__(self, cuebot: str) -> None:
        self._cuebot = cuebot
        self._lock = threading.Lock()

    def ask(self, service: str, call: str, request: Any) -> Any:
        """``ask("Job", "GetJob", JobGetJobRequest(...))``."""
        import grpc

        with self._lock:
            stub = self._stubs[service]
        try:
            return getattr(stub, call)(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            raise _error(error, self._cuebot) from error

    @cached_property
    def _stubs(self) -> dict[str, Any]:
        import grpc
        from opencue_proto import cue_pb2_grpc, job_pb2_grpc

        channel = grpc.insecure_channel(
            self._cuebot,
            options=[
                ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
                ("grpc.max_send_message_length", _LARGEST_MESSAGE),
                ("grpc.max_reconnect_backoff_ms", _BACKOFF_MS),
            ],
        )
        return {"Job": job_pb2_grpc.JobInterfaceStub(channel), "Cue": cue_pb2_grpc.CueInterfaceStub(channel)}


def _error(error: Any, cuebot: str) -> FarmError | JobConflict:
    code, told = error.code().name, f"OpenCue: {error.details() or error.code().name}"
    match code:
        case "UNAVAILABLE":
            return FarmUnavailable(told, farm=NAME, cuebot=cuebot)
        case "DEADLINE_EXCEEDED":
            return FarmTimeout(told, farm=NAME, cuebot=cuebot)
        case "UNAUTHENTICATED" | "PERMISSION_DENIED":
            return FarmUnauthorized(told, farm=NAME)
        case "NOT_FOUND":
            return JobUnknownToFarm(told, farm=NAME)
        case "INVALID_ARGUMENT" | "ALREADY_EXISTS" | "INTERNAL":
            return JobRejected(told, farm=NAME, grpc_status=code)
        case "FAILED_PRECONDITION":
            return JobConflict(told, farm=NAME)
        case _:
            return FarmProtocolError(told, farm=NAME, grpc_status=code)
