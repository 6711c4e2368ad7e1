"""The spec that a user names: a preset, a YAML file, or an object in a bucket."""

from collections.abc import Sequence

from sweep.errors import UsageError
from sweep.spec import SpecReader, SweepSpec, spec_from_bytes, without_problems
from sweep.storage import at, is_bucket, split


def load(source: str, settings: Sequence[str] = ()) -> SweepSpec:
    """The spec of that preset name, YAML path or address in a bucket, changed by settings such as `grid.width=[50]`.

    Raises:
        UsageError: with every problem found, each with file, line, what is allowed and the nearest name.
    """
    if is_bucket(source):
        place, name = split(source)
        if (data := at(place).read(name)) is None:
            raise UsageError(f"{source}: no such spec", next="sweep presets")
        return spec_from_bytes(data, source, settings)
    reader = SpecReader()
    path = reader.find(source)
    return without_problems(reader, reader.read(path, settings) if path else None, source, settings)
