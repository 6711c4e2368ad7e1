"""The environment of a sweep: the settings in the provenance of its points, each with the number of points."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

LABELS = {
    "git_commit": "commit",
    "git_dirty": "uncommitted changes",
    "code_sha256": "trainables",
    "dataset_sha256": "data set, SHA-256",
    "backend": "Keras backend",
    "device": "device",
    "gpu_limit_mib": "limit of GPU memory (MiB)",
    "driver": "GPU driver",
    "threads": "threads of a trial",
    "cpus": "CPUs of the host",
    "host": "host",
    "system": "system",
    "python": "Python",
}
"""The entries of a provenance that are shown, in this order, and what they are called."""

SHORT = {"git_commit": 12, "code_sha256": 12, "dataset_sha256": 16}


def settings(provenances: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[str, int]]]:
    """By label, the values with their number of points, most frequent first; labels without a value are left out.

    Versions of packages come after the rest, each under its name.
    """
    counts: dict[str, Counter[str]] = {label: Counter() for label in LABELS.values()}
    for provenance in provenances:
        for name, label in LABELS.items():
            if (value := provenance.get(name)) is not None:
                counts[label][_text(name, value)] += 1
        for package, version in sorted((provenance.get("packages") or {}).items()):
            counts.setdefault(package, Counter())[version] += 1
    return {label: counter.most_common() for label, counter in counts.items() if counter}


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[: SHORT.get(name)]
