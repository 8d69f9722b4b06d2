"""A Slurm cluster of the test's own: munged, slurmctld and one slurmd in a temporary folder, stopped by their pids."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.ports import free_port

_CONF = """\
ClusterName=onepiece
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket,cred_expire=6
CredType=cred/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,bf_interval=2,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PriorityType=priority/multifactor
MaxArraySize=10001
MaxJobCount=20000
MinJobAge=86400
KillWait=2
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 NodeHostname=localhost CPUs=16 RealMemory=4000 State=UNKNOWN
PartitionName=render Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


@dataclass
class SlurmCluster:
    """Listens on free ports of 127.0.0.1."""

    root: Path
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def conf(self) -> Path:
        return self.root / "slurm.conf"

    def write(self) -> None:
        for name in ("munge", "state", "spool"):
            (self.root / name).mkdir(mode=0o755)
        key = self.root / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        controller = node = free_port()
        while node == controller:
            node = free_port()
        self.conf.write_text(_CONF.format(root=self.root, controller_port=controller, node_port=node))

    def start(self) -> None:
        munge = self.root / "munge"
        names = ("key-file=key", "socket=socket", "pid-file=pid", "log-file=log", "seed-file=seed")
        told = [f"--{option}={munge / file}" for option, file in (name.split("=") for name in names)]
        self._run("munged", [*told, "--num-threads=2", "--foreground"])
        _until((munge / "socket").exists, "munged")
        self.start_controller()
        self._run("slurmd", ["-D", "-f", str(self.conf), "-N", "localhost"])
        _until(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "slurmd")

    def start_controller(self, *, forgetful: bool = False) -> None:
        """``forgetful``: without the jobs it had."""
        self._run("slurmctld", ["-D", "-f", str(self.conf), *(["-c"] if forgetful else [])])
        _until(lambda: "UP" in self.ask("scontrol", "ping"), "slurmctld")

    def stop_controller(self) -> None:
        """It writes down what it knows first."""
        self._end("slurmctld", signal.SIGTERM)

    def kill_controller(self) -> None:
        """What it did in its last seconds it will not know: it may even give out the same ids again."""
        self._end("slurmctld", signal.SIGKILL)

    def forget(self) -> None:
        """Every job, as it does itself when they ended some time ago."""
        self.stop_controller()
        self.start_controller(forgetful=True)
        _until(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "slurmd")

    def wait_until_saved(self, since: float) -> None:
        """Until the controller has written down what happened until then, as it does every few seconds."""
        _until(lambda: (self.root / "state" / "job_state").stat().st_mtime > since, "slurmctld's state")

    def cancel_all(self) -> None:
        for state in ("PENDING", "RUNNING"):
            self.ask("scancel", f"--state={state}", "--user=root")
        _until(lambda: not self.ask("squeue", "-h", "--states=PD,R,CG"), "the end of its jobs")

    def stop(self) -> None:
        if "slurmctld" in self._processes:
            self.cancel_all()
        for name in ("slurmd", "slurmctld", "munged"):
            self._end(name, signal.SIGTERM)

    def ask(self, program: str, *words: str) -> str:
        environ = {**os.environ, "SLURM_CONF": str(self.conf)}
        done = subprocess.run([program, *words], env=environ, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout

    def _run(self, name: str, words: list[str]) -> None:
        environ = {**os.environ, "SLURM_CONF": str(self.conf)}
        program = shutil.which(name, path="/usr/sbin:/usr/bin") or name
        quiet = subprocess.DEVNULL
        self._processes[name] = subprocess.Popen(
            [program, *words],
            env=environ,
            cwd=self.root,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._processes.pop(name, None)
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=60)


@contextmanager
def slurm_cluster() -> Iterator[SlurmCluster]:
    # Not below the test's folder: munge wants every folder above its socket to be root's and closed to others.
    cluster = SlurmCluster(Path(tempfile.mkdtemp(prefix="onepiece-slurm-", dir="/var/tmp")))
    cluster.root.chmod(0o755)
    cluster.write()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(cluster.root, ignore_errors=True)


def _until(is_so: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, f"no answer of {what}"
        time.sleep(0.05)
