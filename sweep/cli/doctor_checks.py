"""The checks of `doctor`: each examines one thing that a sweep needs, and returns a verdict and a remedy."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from sweep.cluster.settings import DEFAULT_NICENESS, NICENESS, ignored_address
from sweep.errors import ClusterUnusable, StorageFault, SweepError, UsageError
from sweep.planning import disk_space
from sweep.spec import Resources, trials_at_a_time
from sweep.storage import Objects, Place, at, check_exclusive, check_writable, free_bytes, mount_point, nearest_existing
from sweep.system import machine
from sweep.system.backend import check_backend
from sweep.text import counted
from sweep.timing import MirrorTiming
from sweep.tracking.problems import problem
from sweep.tracking.settings import database_file
from trainables import datasets, device
from trainables.config import DatasetName, TrialConfig

FIT, WARNING, NOT_FIT = "ok", "warning", "not fit"

TRIAL_BYTES = 1_000_000_000
"""Memory of a trial's process with TensorFlow loaded, without its data."""
DATA_BYTES: dict[DatasetName, int] = {"mnist": 700_000_000, "digits": 10_000_000}
SLOW_COMMIT_SECONDS = 0.5
SLOW_ANSWER_SECONDS = 1.0
IMPORT_SECONDS = 120.0
CHECK_PLACE = "check the permissions and the free space there"
TRACK_LATER = "the sweep runs without it; afterwards: sweep track SWEEP"
COMMITS = 5
MESSAGE_LENGTH = 200
REMOTE_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "lustre", "beegfs", "fuse.sshfs", "9p")


@dataclass(frozen=True)
class CheckResult:
    """The result of one check: a verdict, what was found, a remedy, and the error that a run would end with."""

    name: str
    verdict: str
    found: str
    remedy: str = ""
    error: type[SweepError] = ClusterUnusable


def accelerators(resources: Resources) -> CheckResult:
    """The GPUs, by NVIDIA's driver; where there are any, also whether Keras' backend sees them."""
    gpus = machine.gpus()
    if not gpus:
        if not resources.gpus:
            return CheckResult("accelerators", FIT, "no GPU, and none is asked for")
        remedy = "trials run on CPUs, to which --gpus-per-trial 0 is the same; with --address the cluster's GPUs count"
        return CheckResult("accelerators", WARNING, "no GPU in this machine", remedy)
    about = ", ".join(f"{gpu.name} ({gpu.free_mib:,} of {gpu.memory_mib:,} MiB free)" for gpu in gpus)
    about = f"{about}, driver {gpus[0].driver}"
    name = device.backend()
    if not (seen := _gpus_of_backend(name)):
        remedy = f"pip install -c constraints.txt '.[gpu]' (or CUDA for {name}); --gpus-per-trial 0 runs on CPUs"
        return CheckResult(
            "accelerators", NOT_FIT if resources.gpus else WARNING, f"{about}, but {name} sees none", remedy
        )
    return CheckResult("accelerators", FIT, f"{about}; {name} sees {seen}")


def backend(*, is_here: bool) -> CheckResult:
    """Whether trials can use the backend that Keras will choose."""
    try:
        check_backend(is_here=is_here)
    except UsageError as error:
        return _not_fit("backend", error, UsageError)
    return CheckResult("backend", FIT, device.backend())


def _gpus_of_backend(name: str) -> int:
    """The number of GPUs that the backend sees, from a separate process, so that no GPU memory stays allocated."""
    ask = {
        "tensorflow": "import tensorflow as b; print(len(b.config.list_physical_devices('GPU')))",
        "jax": "import jax as b; print(sum(d.platform == 'gpu' for d in b.devices()))",
    }.get(name, "print(0)")
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    command = [sys.executable, "-c", ask]
    try:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=True)
        return int(done.stdout.split()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0


def memory(at_a_time: int, names: Iterable[DatasetName]) -> CheckResult:
    """Free memory against the memory of the trials that run at a time."""
    each = TRIAL_BYTES + max((DATA_BYTES[name] for name in names), default=0)
    need, have = at_a_time * each, psutil.virtual_memory().available
    found = f"{have / 1e9:.1f} GB free; {counted(at_a_time, 'trial')} at a time: about {need / 1e9:.1f} GB"
    if have < each:
        return CheckResult("memory", NOT_FIT, found, "end other programs, or use a machine with more")
    if have < need:
        fewer = f"--max-concurrent {max(1, int(have / each))}"
        return CheckResult("memory", WARNING, found, f"run fewer at a time: {fewer}")
    return CheckResult("memory", FIT, found)


def disk(points: Sequence[TrialConfig], at_a_time: int, store: Place, database: Path | None) -> CheckResult:
    """Free space on every file system that a run of these points writes to."""
    needs = disk_space.needs(points, at_a_time, store if isinstance(store, Path) else None, database)
    need = sum(need.bytes for need in needs)
    places = {mount_point(need.folder): free_bytes(need.folder) for need in needs}
    free = ", ".join(f"{count / 1e9:.1f} GB on {place}" for place, count in places.items())
    found = f"{free} free; {counted(len(points), 'point')} to run: about {need / 1e9:.2f} GB"
    try:
        disk_space.check(needs)
    except StorageFault as fault:
        return _not_fit("disk", fault, StorageFault)
    return CheckResult("disk", FIT, found)


def store_commits(store: Place) -> CheckResult:
    """Whether whole objects can be written, flushed, created once and renamed in the store, and how long it takes.

    Where there is no folder yet, this is tried in a temporary one below its nearest existing parent.
    """
    try:
        with contextlib.ExitStack() as stack:
            if isinstance(store, Path) and not store.is_dir():
                _refuse_a_file(store)
                above = stack.enter_context(tempfile.TemporaryDirectory(prefix=".doctor-", dir=nearest_existing(store)))
                seconds = _commit_seconds(at(Path(above)))
            else:
                seconds = _commit_seconds(at(store))
    except (StorageFault, OSError) as error:
        return _not_fit("store", error, StorageFault)
    found = f"{store}: a commit takes {1000 * seconds:.1f} ms"
    if seconds > SLOW_COMMIT_SECONDS:
        return CheckResult("store", WARNING, found, "snapshots will be rare; a store on a faster disk is better")
    return CheckResult("store", FIT, found)


def _refuse_a_file(store: Path) -> None:
    if not nearest_existing(store).is_dir():
        raise StorageFault(
            f"cannot write {store}: {nearest_existing(store)} is not a folder", next="choose another --store"
        )


def _commit_seconds(objects: Objects) -> float:
    """Seconds of the slowest of a few commits, each written, flushed and renamed; checks exclusive creation too."""
    slowest = 0.0
    for _ in range(COMMITS):
        start = time.perf_counter()
        check_writable(objects)
        slowest = max(slowest, time.perf_counter() - start)
    check_exclusive(objects)
    return slowest


def data(name: DatasetName, data_dir: Path | None, is_needed: bool = True) -> CheckResult:
    """Whether the data set is there, with the right checksums. Nothing is downloaded; a damaged one is not fit."""
    start, title = time.perf_counter(), f"data {name}"
    try:
        loaded = datasets.load(name, data_dir)
    except datasets.DatasetNotFetched:
        return CheckResult(title, WARNING, "not here yet", "run downloads it; or set --data-dir", UsageError)
    except datasets.DatasetError as error:
        is_tolerable = not is_needed and isinstance(error, datasets.DatasetMissing)
        found = error.message.splitlines()[0]
        return CheckResult(title, WARNING if is_tolerable else NOT_FIT, found, error.next, UsageError)
    images = f"{len(loaded.train_images):,} + {len(loaded.validation_images):,} images"
    took = f"read and checked in {time.perf_counter() - start:.1f} s"
    return CheckResult(title, FIT, f"{images}, SHA-256 {loaded.sha256[:12]}, {took}")


def tracker(uri: str, timing: MirrorTiming | None = None) -> CheckResult:
    """Whether MLflow's server answers, or its database can be read. At most a warning, as a sweep runs without it."""
    from sweep.tracking.background import check_answers
    from sweep.tracking.mirror import log_in

    database = database_file(uri)
    if database and not os.path.isfile(database):  # which takes a name that is too long
        return CheckResult("tracker", FIT, f"{database} will be created")
    start = time.perf_counter()
    try:
        check_answers(uri, (timing or MirrorTiming()).answer_seconds)
        seconds = time.perf_counter() - start
        log_in(uri)
    except Exception as error:
        what, remedy = problem(uri, error)
        return CheckResult("tracker", WARNING, what, f"{remedy}; {TRACK_LATER}")
    if database:
        return _database(database)
    slow = seconds > SLOW_ANSWER_SECONDS
    found = f"{uri} answers in {1000 * seconds:.0f} ms"
    return CheckResult("tracker", WARNING if slow else FIT, found, TRACK_LATER if slow else "")


def _database(path: Path) -> CheckResult:
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        runs = database.execute("select count(*) from runs").fetchone()[0]
    kind = _file_system(path)
    if kind in REMOTE_FILE_SYSTEMS:
        return CheckResult("tracker", WARNING, f"{path} lies on {kind}", "give --tracking-uri a local disk or a server")
    return CheckResult("tracker", FIT, f"{path}, {counted(runs, 'run')}")


def _file_system(path: Path) -> str:
    where = str(mount_point(path))
    return next((part.fstype for part in psutil.disk_partitions(all=True) if part.mountpoint == where), "unknown")


def cluster(address: str | None, resources: Resources) -> CheckResult:
    """Whether Ray can be imported, and its cluster be reached; without an address, whether a trial fits here."""
    try:
        about = f"ray {version('ray')}"
        from sweep.cluster.connection import check_reachable
        from sweep.cluster.socket_path import check_socket_path

        if address:
            check_reachable(address)
        else:
            check_socket_path()
    except (ImportError, PackageNotFoundError) as error:
        return CheckResult("ray", NOT_FIT, f"cannot be imported: {error}", "make install")
    except ClusterUnusable as error:
        return _not_fit("ray", error, ClusterUnusable)
    if address:
        return CheckResult("ray", FIT, f"{about}, a cluster listens at {address}")
    if not trials_at_a_time(resources, machine.cpus(), len(machine.gpus())):
        found = f"no trial fits: one wants {resources.cpus:g} CPUs and {resources.gpus:g} GPUs, this machine has "
        found += f"{machine.cpus()} and {len(machine.gpus())}"
        return CheckResult("ray", NOT_FIT, found, "lower --cpus-per-trial or --gpus-per-trial")
    if ignored := ignored_address():
        return CheckResult("ray", WARNING, f"{about}, a cluster is started on this machine", ignored)
    return CheckResult("ray", FIT, f"{about}, a cluster is started on this machine")


def threads(resources: Resources, at_a_time: int) -> CheckResult:
    """The CPU threads that trials pin, against the CPUs of this machine. Numbers depend on the number of threads."""
    have, used = machine.cpus(), at_a_time * resources.threads
    found = (
        f"{counted(have, 'CPU')}; {counted(at_a_time, 'trial')} at a time, {counted(resources.threads, 'thread')} each"
    )
    if used > have:
        return CheckResult("threads", WARNING, found, "trials will wait for each other: lower --cpus-per-trial")
    return CheckResult("threads", FIT, found)


def priority() -> CheckResult:
    """The priority of trials on this machine: beside other work those of low priority get little of the CPUs."""
    niceness = os.environ.get(NICENESS, str(DEFAULT_NICENESS))
    found = f"trials run at niceness {niceness}"
    busy, cpus = os.getloadavg()[0], machine.cpus()
    if niceness != "0" and busy > cpus / 2:
        remedy = f"they get what other programs leave: {NICENESS}=0 gives them an equal part"
        return CheckResult("priority", WARNING, f"{found}; this machine is busy (load {busy:.1f})", remedy)
    return CheckResult("priority", FIT, f"{found}, so that the machine stays usable; {NICENESS}=0 gives them more")


def _not_fit(name: str, error: Exception, kind: type[SweepError]) -> CheckResult:
    """The result for an error that would end a run; one of the system has no next step."""
    message, remedy = (error.message, error.next) if isinstance(error, SweepError) else (str(error), None)
    return CheckResult(name, NOT_FIT, message.splitlines()[0], remedy or CHECK_PLACE, kind)
