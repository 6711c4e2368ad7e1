"""What the points of a sweep were computed with: each setting of their provenance, and how many points had it."""

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
    """By label, the values with the number of points that have each, most frequent first; what nobody has is left out.

    Versions of packages come after the rest, each under its name.
    """
    counts: dict[str, Counter[str]] = {label: Counter() for label in LABELS.values()}
    for one in provenances:
        for name, label in LABELS.items():
            if (value := one.get(name)) is not None:
                counts[label][_text(name, value)] += 1
        for package, version in sorted((one.get("packages") or {}).items()):
            counts.setdefault(package, Counter())[version] += 1
    return {label: found.most_common() for label, found in counts.items() if found}


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[: SHORT.get(name)]
