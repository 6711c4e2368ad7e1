"""The estimators of KSG-1 that are compared, each as published; and the process in which one of them is timed.

Every rival returns MI in bits for k = 3 and the max norm. A rival that is not installed is left out, and said to be.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import digamma

Estimate = Callable[[np.ndarray, np.ndarray], float]
K = 3
ENOUGH_SECONDS = 60.0
"""No further repeat is begun after this long."""
JIDT_JAR = os.environ.get("JIDT_JAR", "")


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
    from ennemi._entropy_estimators import _estimate_single_mi

    return lambda x, y: float(_estimate_single_mi(x, y, K)) / np.log(2)


def infomeasure() -> Estimate:
    import infomeasure

    return lambda x, y: float(infomeasure.mutual_information(x, y, approach="ksg", k=K, base=2, noise_level=0))


def jidt() -> Estimate:
    import jpype

    jpype.startJVM(classpath=[JIDT_JAR])
    package = jpype.JPackage("infodynamics.measures.continuous.kraskov")

    def estimate(x: np.ndarray, y: np.ndarray) -> float:
        calculator = package.MutualInfoCalculatorMultiVariateKraskov1()
        for key, value in {"k": K, "NORMALISE": "false", "NOISE_LEVEL_TO_ADD": "0"}.items():
            calculator.setProperty(key, str(value))
        calculator.initialise(x.shape[1], y.shape[1])
        calculator.setObservations(x.tolist(), y.tolist())
        return float(calculator.computeAverageLocalOfObservations()) / np.log(2)

    return estimate


RIVALS: dict[str, Callable[[], Estimate]] = {
    "mi-sweep": ours,
    "npeet_plus": npeet_plus,
    "scikit-learn": scikit_learn,
    "scipy": scipy,
    "ennemi": ennemi,
    "infomeasure": infomeasure,
    "JIDT": jidt,
}


def _ksg1(counts: list[np.ndarray], n: int) -> float:
    """Kraskov 2004, eq. 8; the counts include the point itself."""
    inner = sum(np.mean(digamma(count)) for count in counts)
    return float(digamma(K) + digamma(n) - inner) / float(np.log(2))


def main(rival: str, path: str, repeats: int) -> None:
    """Time the rival on the arrays x and y of an npz file; the result as JSON on stdout."""
    estimate = RIVALS[rival]()
    with np.load(path) as arrays:
        x, y = arrays["x"].astype(np.float64), arrays["y"].astype(np.float64)
    small = np.random.default_rng(0).normal(size=(2, 50, 2))
    estimate(small[0], small[1])  # imports and compilation are not what is compared
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
