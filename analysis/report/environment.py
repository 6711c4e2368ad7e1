"""The environment of a sweep: the settings in the provenance of its points, each with the number of points."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainables.config import TrialConfig
from trainables.identity import components

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


def settings(points: Iterable[tuple[TrialConfig, Mapping[str, Any]]]) -> dict[str, list[tuple[str, int]]]:
    """By label, the values with their number of points, most frequent first; labels without a value are left out.

    points: each with its provenance. After the code as a whole come its components, each with the points that it
    computed; versions of packages come after the rest, each under its name.
    """
    points = list(points)
    counts: dict[str, Counter[str]] = {}
    for name, label in LABELS.items():
        counts[label] = Counter()
        if name == "code_sha256":
            counts |= _components(points)
    for _, provenance in points:
        for name, label in LABELS.items():
            if (value := provenance.get(name)) is not None:
                counts[label][_text(name, value)] += 1
        for package, version in sorted((provenance.get("packages") or {}).items()):
            counts.setdefault(package, Counter())[version] += 1
    return {label: counter.most_common() for label, counter in counts.items() if counter}


def _components(points: Sequence[tuple[TrialConfig, Mapping[str, Any]]]) -> dict[str, Counter[str]]:
    """The identities of the components that the points use, by label, those of one kind together."""
    by_kind: dict[str, dict[str, Counter[str]]] = {kind: {} for kind in components.COMPONENTS}
    for point, provenance in points:
        recorded = components.recorded(provenance)
        for kind, names in components.by_kind(point).items():
            for name in (one for one in names if one in recorded):
                by_kind[kind].setdefault(f"code of {name}", Counter())[recorded[name]] += 1
    return {label: counter for labels in by_kind.values() for label, counter in labels.items()}


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[: SHORT.get(name)]
