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
    """A spec compared with the one last run under its name: points added, kept and dropped, and fields that differ.

    `fields` maps each field whose values differ to the values before and the values now.
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
    by_field: dict[str, dict[Any, None]] = {}
    for point in points:
        for name, value in point.flat().items():
            by_field.setdefault(name, {})[value] = None
    return {name: list(values) for name, values in by_field.items()}


def values(items: Sequence[Any]) -> str:
    """Values as text: consecutive whole numbers as a range, as in `0..4, 7`."""
    numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in items)
    parts = _ranges(sorted(items)) if numbers else [str(value) for value in items]
    rest = f", and {len(parts) - VALUES_SHOWN} more" if len(parts) > VALUES_SHOWN else ""
    return ", ".join(parts[:VALUES_SHOWN]) + rest if parts else "none"


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
    """Points that were computed by other code than would run now; `parts` has each part's old versions and its new one.

    A part is a component of the code that such a point uses, a package, or the backend.
    """

    points: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    parts: Mapping[str, tuple[list[str], str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.points)

    def concerns(self, points: Iterable[TrialConfig]) -> bool:
        """Whether one of these points uses a part that differs."""
        points = list(points)
        return bool(points and without_unused({name: new for name, (_, new) in self.parts.items()}, points))

    def in_words(self) -> list[str]:
        """One line on the points, then one for each part that differs; none when nothing does."""
        if not self.points:
            return []
        were = "was" if len(self.points) == 1 else "were"
        lines = [f"{counted(len(self.points), 'point')} {were} computed by other code ({values(self.commits)})"]
        return lines + [f"  {name}: {values(old)} -> {new}" for name, (old, new) in self.parts.items()]


def code_change(configs: Iterable[TrialConfig], states: Mapping[str, PointState], now: Mapping[str, Any]) -> CodeChange:
    """Compare the code of every point that has epochs, finished or not, with the code of `now`, a provenance.

    Every attempt that contributed epochs to the point counts, with the components that the point uses. Points of older
    versions, which did not record their code, are not compared.
    """
    current = {"trainables": str(now.get("code_sha256"))[:12]} | identity(now)
    points: dict[str, None] = {}
    commits: list[str] = []
    parts: dict[str, tuple[list[str], str]] = {}
    for config in configs:
        point_id = config.point_id
        for provenance in _provenances(states[point_id]):
            then = without_unused(identity(provenance), [config])
            shared = then.keys() & current.keys()
            differing = [name for name in shared if not are_equal(name, then[name], current[name])]
            for name in differing:
                _add_new(parts.setdefault(name, ([], current[name]))[0], then[name])
            if differing:
                _add_new(commits, commit(provenance))
                points[point_id] = None
    return CodeChange(tuple(points), tuple(commits), {name: parts[name] for name in current if name in parts})


def _provenances(state: PointState) -> list[Mapping[str, Any]]:
    """The provenances of the attempts that contributed epochs: from the last one that began at epoch 0 on."""
    if state.summary is None:
        return []
    last = state.result.attempt if state.result else None
    provenances: list[Mapping[str, Any]] = []
    for attempt in state.attempts:
        if identity(attempt.provenance) and (last is None or attempt.number <= last):
            provenances = [*(provenances if attempt.from_epoch else []), attempt.provenance]
    return [*provenances, *([state.result.provenance] if state.result else [])]


def _add_new(items: list[str], value: str) -> None:
    if value not in items:
        items.append(value)


def commit(provenance: Mapping[str, Any]) -> str:
    """The commit, abbreviated, and the checksum of the uncommitted changes if there were any."""
    name = str(provenance.get("git_commit") or "no commit known")[:12]
    changed = str(provenance.get("git_diff_sha256") or "")[:8]
    return f"{name} with changes {changed}" if changed else name


def last_change(spec: SweepSpec, store: Store) -> SpecChange | None:
    """The spec compared with the one last run under its name; None when there is none that can be read."""
    with contextlib.suppress(UsageError):
        last = spec if store.keeps(spec.name, spec.to_yaml()) else store.spec(spec.name)
        return spec_change(last.points, spec.points)
    return None
