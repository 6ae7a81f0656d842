"""A temporary Slurm cluster on one machine: two CPU nodes and two nodes with a stand-in GPU.

All its files are in one folder, which is removed at the end of the `with` block. There is no
accounting, and no cgroups: memory is counted by the scheduler and not enforced.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
PACKAGES = ("slurm-wlm", "munge")
NODES = {"n1": 0, "n2": 0, "g1": 1, "g2": 1}  # name -> GPUs
FIRST_PORT = 26817
# Job steps do not inherit SLURM_CONF, so the files must be in Slurm's default folder.
SYSTEM_FOLDER = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf")

SLURM_CONF = """\
ClusterName=throwaway
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
SlurmctldPort={port}
SrunPortRange={srun_first}-{srun_last}
{listen}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
KillWait=5
# Nodes may declare more resources than the machine has.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5,bf_interval=5
# Records of finished jobs are read by the tests.
MinJobAge=7200
GresTypes=gpu
NodeName=DEFAULT CPUs=2 RealMemory=32000 State=UNKNOWN
{nodes}
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=1-00:00:00 State=UP
PartitionName=gpu Nodes=g1,g2 MaxTime=1-00:00:00 State=UP
"""


def reason_unavailable() -> str | None:
    """Why Slurm cannot be started on this machine, or None if it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "the daemons of a Slurm with several nodes on one machine need root"
    if any(os.path.lexists(SYSTEM_FOLDER / name) and not _is_stale_link(name) for name in FILES):
        return f"{SYSTEM_FOLDER} has a configuration: this machine is part of a cluster"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing and shutil.which("apt-get") is None:
        return f"{', '.join(missing)} not found, and no apt-get to install {' and '.join(PACKAGES)}"
    return None


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """Start the cluster; stop it and remove its files at the end, also after an error.

    Yields the folder of its logs. Raises RuntimeError with the end of the logs if a daemon does not
    start, subprocess.CalledProcessError if the packages cannot be installed.
    """
    _install()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=LINKED)))
        _configure(folder)
        for name in FILES:
            stack.callback((SYSTEM_FOLDER / name).unlink, missing_ok=True)
            (SYSTEM_FOLDER / name).unlink(missing_ok=True)
            (SYSTEM_FOLDER / name).symlink_to(folder / name)
        _launch(stack, folder, "munged", *_munged(folder))
        _wait(folder, (folder / "munge.sock").exists)
        _launch(stack, folder, "slurmctld", "slurmctld", "-D")
        _wait(folder, lambda: _succeeds("scontrol", "ping"))
        for node in NODES:
            _launch(stack, folder, f"slurmd-{node}", "slurmd", "-D", "-N", node)
        _wait(folder, lambda: set(_idle()) == set(NODES))
        stack.callback(_cancel_all)
        yield folder


LINKED = "scorelens-slurm-"


def _is_stale_link(name: str) -> bool:
    """Whether a file is the link of an earlier cluster of this module that was killed."""
    link = SYSTEM_FOLDER / name
    return link.is_symlink() and Path(os.readlink(link)).parent.name.startswith(LINKED)


def _install() -> None:
    if all(shutil.which(program) for program in PROGRAMS):
        return
    print(f"installing {' and '.join(PACKAGES)}, which stay installed", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for action in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends"]):
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *action]
        command += PACKAGES if action[0] == "install" else ()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def _configure(folder: Path) -> None:
    folder.chmod(0o755)
    (folder / "state").mkdir()
    host = socket.gethostname().split(".")[0]
    lines, devices = [], ["AutoDetect=off"]
    for port, (node, gpus) in enumerate(NODES.items(), start=FIRST_PORT + 1):
        line = f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
        lines.append(line + f" Gres=gpu:standin:{gpus}" * (gpus > 0))
        if gpus:  # jobs only see a GPU that is a character device
            devices.append(f"NodeName={node} Name=gpu Type=standin File=/dev/null")
    (folder / "gres.conf").write_text("\n".join(devices) + "\n")
    text = SLURM_CONF.format(
        host=host,
        folder=folder,
        port=FIRST_PORT,
        srun_first=FIRST_PORT + 100,
        srun_last=FIRST_PORT + 400,
        listen=_listen(host),
        nodes="\n".join(lines),
    )
    (folder / "slurm.conf").write_text(text)
    SYSTEM_FOLDER.mkdir(exist_ok=True)


def _listen(host: str) -> str:
    """The option to listen on the loopback only, if the host name resolves to it."""
    try:
        is_loopback = socket.gethostbyname(host).startswith("127.")
    except OSError:
        is_loopback = False
    return "CommunicationParameters=NoInAddrAny,NoCtldInAddrAny" if is_loopback else ""


def _munged(folder: Path) -> tuple[str, ...]:
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    files = {"key": key, "socket": folder / "munge.sock", "pid": folder / "munge.pid"}
    files |= {"seed": folder / "munge.seed", "log": folder / "munge.log"}
    options = [
        f"--{name}{'' if name == 'socket' else '-file'}={path}" for name, path in files.items()
    ]
    return "munged", "--foreground", "--force", *options


def _launch(stack: contextlib.ExitStack, folder: Path, name: str, *command: str) -> None:
    output = stack.enter_context((folder / f"{name}.out").open("w"))
    daemon = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_terminate_with_parent,
    )
    stack.callback(_stop, daemon)


def _terminate_with_parent() -> None:
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(daemon: subprocess.Popen) -> None:
    daemon.terminate()
    try:
        daemon.wait(15)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _cancel_all() -> None:
    """Cancel all jobs and wait until they have ended."""
    for _ in range(60):
        jobs = subprocess.run(["squeue", "-h", "-o", "%A"], capture_output=True, text=True).stdout
        if not jobs.split():
            return
        subprocess.run(["scancel", *jobs.split()], capture_output=True)
        time.sleep(0.5)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


def _idle() -> list[str]:
    command = ["sinfo", "-h", "-N", "-t", "idle", "-o", "%N"]
    return subprocess.run(command, capture_output=True, text=True).stdout.split()


def _wait(folder: Path, condition, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            logs = [
                f"{log.name}: {log.read_text(errors='replace')[-1000:]}"
                for log in sorted(folder.glob("*.log")) + sorted(folder.glob("*.out"))
            ]
            raise RuntimeError("Slurm does not start\n" + "\n".join(logs))
        time.sleep(0.2)
