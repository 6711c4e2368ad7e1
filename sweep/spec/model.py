"""A sweep as a value: its name, its grid of points and the resources of a trial. `reader` makes it."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sweep.errors import UsageError
from sweep.spec import yaml_lines
from trainables.config import TrialConfig
from trainables.kept_states import Keep

BLOCK_KEYS = ("fixed", "grid", "zip", "sample", "measure")


class Resources(BaseModel):
    """The resources that one trial requests from Ray: whole GPUs or a part of one, and CPUs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gpus: float = Field(1.0, ge=0, le=64, allow_inf_nan=False)
    cpus: float = Field(1.0, gt=0, le=1024, allow_inf_nan=False)

    @field_validator("gpus")
    @classmethod
    def _whole_or_part_of_one(cls, value: float) -> float:
        if value > 1 and not value.is_integer():
            raise ValueError("must be a part of one GPU, such as 0.25, or a whole number of them")
        return value

    @property
    def threads(self) -> int:
        """CPU threads that a trial uses: whole ones, at least one."""
        return max(1, int(self.cpus))


FEWEST_IN_RANGE = 4


@dataclass(frozen=True)
class Block:
    """A grid over some fields with others fixed: the product of `grid`, each with `fixed` and `measure`.

    zipped: fields that go together, lists of equal length, whose rows are multiplied with the grid; a `sample` is read
    as such.
    """

    fixed: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, list[Any]] = field(default_factory=dict)
    measure: dict[str, Any] = field(default_factory=dict)
    zipped: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of points, without building them."""
        return len(self._rows()) * math.prod(len(values) for values in self.grid.values())

    def overlaid(self, other: "Block") -> "Block":
        """This block with the values of `other`: a field that `other` names replaces the one of this block."""
        named = other.fixed.keys() | other.grid.keys() | other.zipped.keys()
        return Block(
            {key: value for key, value in self.fixed.items() if key not in named} | other.fixed,
            {key: values for key, values in self.grid.items() if key not in named} | other.grid,
            self.measure | other.measure,
            other.zipped or {key: values for key, values in self.zipped.items() if key not in named},
        )

    def raw_points(self) -> Iterator[dict[str, Any]]:
        """The field values of every point."""
        for row in self._rows():
            for values in itertools.product(*self.grid.values()):
                yield {**self.fixed, **row, **dict(zip(self.grid, values, strict=True)), "measure": self.measure}

    def _rows(self) -> list[dict[str, Any]]:
        rows = zip(*self.zipped.values(), strict=True) if self.zipped else [()]
        return [dict(zip(self.zipped, row, strict=True)) for row in rows]

    def plain(self) -> dict[str, Any]:
        """As written in a spec, with successive whole numbers as a range."""
        grid, zipped = ({name: _as_range(values) for name, values in of.items()} for of in (self.grid, self.zipped))
        written = {"fixed": self.fixed, "grid": grid, "zip": zipped, "measure": self.measure}
        return {key: value for key in BLOCK_KEYS if (value := written.get(key))}


def _as_range(values: list[Any]) -> list[Any] | str:
    if len(values) < FEWEST_IN_RANGE or any(type(value) is not int or value < 0 for value in values):
        return values
    is_range = values == list(range(values[0], values[0] + len(values)))
    return f"{values[0]}..{values[-1]}" if is_range else values


@dataclass(frozen=True)
class SweepSpec:
    """A named set of points: the union of its blocks. `keep`: which states of their networks are kept."""

    name: str
    description: str
    blocks: tuple[Block, ...]
    resources: Resources
    keep: Keep = "none"

    @cached_property
    def points(self) -> tuple[TrialConfig, ...]:
        """Every point once, in the order of the blocks and grids."""
        configs = (TrialConfig.model_validate(raw) for block in self.blocks for raw in block.raw_points())
        return tuple({config.point_id: config for config in configs}.values())

    def with_resources(self, changed: dict[str, float]) -> "SweepSpec":
        """The same points with other resources for each trial."""
        return replace(self, resources=self.resources.model_copy(update=changed))

    def only(self, point_ids: Sequence[str]) -> tuple[TrialConfig, ...]:
        """The points with these ids.

        Raises:
            UsageError: when one of them is not a point of the spec.
        """
        by_id = {point.point_id: point for point in self.points}
        for unknown in set(point_ids) - set(by_id):
            raise UsageError(
                f"--point {unknown}: not a point of {self.name}; there are {self.points[0].point_id}, ...",
                next="sweep plan SPEC --json lists them",
            )
        return tuple(by_id[point_id] for point_id in dict.fromkeys(point_ids))

    def to_yaml(self) -> str:
        """The spec, complete in itself: includes and `--set` resolved."""
        body: dict[str, Any] = {"name": self.name}
        if self.description:
            body["description"] = self.description
        if len(self.blocks) == 1:
            body |= self.blocks[0].plain()
        else:
            body["include"] = [block.plain() for block in self.blocks]
        if self.keep != "none":
            body["keep"] = self.keep
        body["resources"] = self.resources.model_dump()
        return yaml_lines.dump(body)


def presets() -> dict[str, Path]:
    """The packaged specs by name."""
    folder = Path(str(resources.files("sweep") / "presets"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def trials_at_a_time(resources: Resources, have_cpus: int, have_gpus: int, max_concurrent: int | None = None) -> int:
    """How many trials run at a time on a machine with these CPUs and GPUs; without a GPU they run on CPUs.

    0: none fits.
    """
    fitting = [int(have_cpus / resources.cpus + 1e-9)]
    if resources.gpus and have_gpus:
        fitting_gpus = (
            int(have_gpus / resources.gpus + 1e-9)
            if resources.gpus >= 1
            else have_gpus * int(1 / resources.gpus + 1e-9)
        )
        fitting.append(fitting_gpus)
    return min([*fitting, *([max_concurrent] if max_concurrent else [])])
