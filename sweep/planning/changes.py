"""What changed since a sweep was last run: its points, and the code that computes them. Pure."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweep.errors import UsageError
from sweep.spec import SweepSpec
from sweep.store import PointState, Store
from sweep.system.provenance import identity, without_unused
from sweep.text import counted
from trainables.config import TrialConfig
from trainables.identity.components import are_equal

VALUES_SHOWN = 8


@dataclass(frozen=True)
class SpecChange:
    """A spec compared with the one last run under its name: points by what becomes of them, and fields that differ.

    `fields` maps each field whose values differ to those that it took before and takes now.
    """

    added: tuple[str, ...]
    kept: int
    dropped: tuple[str, ...]
    fields: Mapping[str, tuple[list[Any], list[Any]]]

    def in_words(self) -> list[str]:
        """One line of counts, then one for each field that differs; none when the points are the same."""
        if not self.added and not self.dropped:
            return []
        gone = f", {len(self.dropped)} no longer named (they stay in the store)" if self.dropped else ""
        lines = [f"since last run: {counted(len(self.added), 'point')} added, {self.kept} kept{gone}"]
        return lines + [f"  {name}: {values(old)} -> {values(new)}" for name, (old, new) in self.fields.items()]


def spec_change(before: Sequence[TrialConfig], after: Sequence[TrialConfig]) -> SpecChange:
    """Compare the points of two specs."""
    old, new = ({point.point_id: point for point in points} for points in (before, after))
    added = tuple(point_id for point_id in new if point_id not in old)
    dropped = tuple(point_id for point_id in old if point_id not in new)
    fields = {}
    if added or dropped:
        was, now = _values_by_field(before), _values_by_field(after)
        fields = {name: (was.get(name, []), now[name]) for name in now if set(was.get(name, ())) != set(now[name])}
    return SpecChange(added, len(new) - len(added), dropped, fields)


def _values_by_field(points: Iterable[TrialConfig]) -> dict[str, list[Any]]:
    found: dict[str, dict[Any, None]] = {}
    for point in points:
        for name, value in point.flat().items():
            found.setdefault(name, {})[value] = None
    return {name: list(values) for name, values in found.items()}


def values(found: Sequence[Any]) -> str:
    """Values in a few words: whole numbers in a row as a range, as in `0..4, 7`."""
    numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in found)
    words = _ranges(sorted(found)) if numbers else [str(value) for value in found]
    rest = f", and {len(words) - VALUES_SHOWN} more" if len(words) > VALUES_SHOWN else ""
    return ", ".join(words[:VALUES_SHOWN]) + rest if words else "none"


def _ranges(numbers: Sequence[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [
        word for run in runs for word in ([f"{run[0]}..{run[-1]}"] if len(run) > 2 else [str(number) for number in run])
    ]


@dataclass(frozen=True)
class CodeChange:
    """Points whose numbers come from other code than would run now; `parts` says for each part what it was and is.

    A part is a component of the code that such a point uses, a package or the backend.
    """

    points: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    parts: Mapping[str, tuple[list[str], str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.points)

    def concerns(self, points: Iterable[TrialConfig]) -> bool:
        """Whether a part that differs decides the numbers of one of these points too."""
        points = list(points)
        return bool(points and without_unused({name: new for name, (_, new) in self.parts.items()}, points))

    def in_words(self) -> list[str]:
        """One line on the points, then one for each part that differs; none when nothing does."""
        if not self.points:
            return []
        were = "was" if len(self.points) == 1 else "were"
        lines = [f"{counted(len(self.points), 'point')} {were} computed by other code ({values(self.commits)})"]
        return lines + [f"  {name}: {values(old)} -> {new}" for name, (old, new) in self.parts.items()]


def code_change(configs: Iterable[TrialConfig], known: Mapping[str, PointState], now: Mapping[str, Any]) -> CodeChange:
    """Compare the code of every point that has numbers, finished or not, with that of a provenance of here and now.

    Every attempt that such a point's numbers stem from counts, and of its code the components that the point uses.
    What older versions computed did not record its code, and is taken as it is.
    """
    current = {"trainables": str(now.get("code_sha256"))[:12]} | identity(now)
    points: dict[str, None] = {}
    commits: list[str] = []
    parts: dict[str, tuple[list[str], str]] = {}
    for config in configs:
        point_id = config.point_id
        for provenance in _provenances(known[point_id]):
            then = without_unused(identity(provenance), [config])
            shared = then.keys() & current.keys()
            differing = [name for name in shared if not are_equal(name, then[name], current[name])]
            for name in differing:
                _add(parts.setdefault(name, ([], current[name]))[0], then[name])
            if differing:
                _add(commits, commit(provenance))
                points[point_id] = None
    return CodeChange(tuple(points), tuple(commits), {name: parts[name] for name in current if name in parts})


def _provenances(known: PointState) -> list[Mapping[str, Any]]:
    """Of the attempts that the numbers stem from: those since one began at epoch 0, and got as far as to train."""
    if known.summary is None:
        return []
    last = known.result.attempt if known.result else None
    found: list[Mapping[str, Any]] = []
    for attempt in known.attempts:
        if identity(attempt.provenance) and (last is None or attempt.number <= last):
            found = [*(found if attempt.from_epoch else []), attempt.provenance]
    return [*found, *([known.result.provenance] if known.result else [])]


def _add(found: list[str], value: str) -> None:
    if value not in found:
        found.append(value)


def commit(provenance: Mapping[str, Any]) -> str:
    """The commit in a few letters, and whether something was changed since."""
    name = str(provenance.get("git_commit") or "no commit known")[:12]
    changed = str(provenance.get("git_diff_sha256") or "")[:8]
    return f"{name} with changes {changed}" if changed else name


def last_change(wanted: SweepSpec, store: Store) -> SpecChange | None:
    """The spec compared with the one last run under its name; None when there is none that can be read."""
    with contextlib.suppress(UsageError):
        return spec_change(store.spec(wanted.name).points, wanted.points)
    return None
