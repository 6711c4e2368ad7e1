"""The command `presets`: the packaged specs, with size and purpose."""

from sweep import spec
from sweep.cli import options
from sweep.console import print_json, print_table
from sweep.store import load


def presets(_shared: options.Accepted, as_json: options.Json = False) -> None:
    """List the packaged specs, with size and purpose."""
    specs = [load(name) for name in spec.presets()]
    if as_json:
        print_json(
            [{"name": preset.name, "points": len(preset.points), "description": preset.description} for preset in specs]
        )
        return
    print_table(
        ["preset", "points", "purpose"],
        [[preset.name, str(len(preset.points)), preset.description] for preset in specs],
    )
