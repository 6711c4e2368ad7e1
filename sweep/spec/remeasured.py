"""The sweep whose points are the trainings of another one, measured otherwise."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from sweep.errors import UsageError
from sweep.spec.model import Block, SweepSpec
from sweep.spec.reader import spec_from_bytes
from sweep.spec.wording import in_words

NAME_LENGTH = 100


def remeasured(spec: SweepSpec, changes: Mapping[str, Any], neighbors: Sequence[Any] = ()) -> SweepSpec:
    """The trainings of a sweep, measured with these values of `measure`, once for each number of neighbors.

    Its name is that of the sweep and what differs, as in `demo.neighbors-1-5`, so that equal requests have equal names.

    Raises:
        UsageError: when a value is none of its field.
    """
    neighbors = list(dict.fromkeys(neighbors))
    each = [{**changes, "neighbors": k} for k in neighbors] or [dict(changes)]
    blocks = tuple(block.overlaid(Block(measure=one)) for one in each for block in spec.blocks)
    asked = {**changes, **({"neighbors": list(neighbors)} if neighbors else {})}
    measured = replace(spec, name=_name(spec.name, asked), blocks=blocks, keep="none", description=_purpose(spec))
    try:
        _ = measured.points
    except ValidationError as error:
        problem = error.errors()[0]
        said = problem["msg"].removeprefix("Value error, ")
        if field := [str(part) for part in problem["loc"] if part != "measure"][:1]:
            said = f"measure.{field[0]} {in_words(problem)}"
        raise UsageError(said, next="the same with another value; sweep measure --help has what is allowed") from error
    return spec_from_bytes(measured.to_yaml().encode(), measured.name)  # by the rules of any spec


def _purpose(spec: SweepSpec) -> str:
    return f"The trainings of {spec.name}, measured anew."


def _name(sweep: str, asked: Mapping[str, Any]) -> str:
    parts = [
        "-".join([field, *map(str, value if isinstance(value, list | tuple) else [value])])
        for field, value in sorted(asked.items())
    ]
    name = re.sub(r"[^A-Za-z0-9._-]", "-", ".".join([sweep, *parts]))
    if len(name) <= NAME_LENGTH:
        return name
    return f"{sweep[: NAME_LENGTH - 20]}.measured-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
