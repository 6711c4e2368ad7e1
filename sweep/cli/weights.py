"""The command `weights`: write the kept states of a sweep's networks as files of Keras and NumPy."""

from pathlib import Path
from typing import Annotated

import typer

from sweep.cli import options
from sweep.console import warn
from sweep.errors import StorageFault, UsageError
from sweep.spec import SweepSpec
from sweep.store import KeptStates, Store

Output = Annotated[
    Path, typer.Option("--output", "-o", callback=options.home, help="Folder for the files; made if it is missing.")
]
Point = Annotated[
    str | None,
    typer.Argument(metavar="[POINT]", autocompletion=options.point_ids, help="A point's id; by default every point."),
]
AllEpochs = Annotated[bool, typer.Option("--all-epochs", help="Every kept state, not only the last of each point.")]


def weights(
    sweep: options.Sweep,
    output: Output,
    shared: options.Stored,
    point: Point = None,
    all_epochs: AllEpochs = False,
) -> None:
    """Write a sweep's kept networks as Keras and NumPy files: POINT/epoch-N.keras and POINT/epoch-N.npz."""
    store = Store(shared.store)
    spec = store.spec(sweep)
    points = spec.only([point]) if point else spec.points
    kept = KeptStates(store)
    epochs = {one.point_id: [epoch for epoch in kept.epochs(one) if epoch <= one.epochs] for one in points}
    _require_any(spec, epochs)
    from trainables.networks.files import write  # imports Keras

    written = 0
    for one in points:
        for epoch in epochs[one.point_id][0 if all_epochs else -1 :]:
            if not (state := kept.read(one, epoch)):
                warn(f"{one.point_id}: the state of epoch {epoch} is damaged, and left out")
                continue
            if not all_epochs and epoch < one.epochs and state.outcome is None:
                warn(f"{one.point_id}: of its last epoch, {one.epochs}, no state is kept; this is epoch {epoch}")
            try:
                paths = write(one, state, output / one.point_id)
            except OSError as error:
                raise StorageFault(f"cannot write to {output}: {error}", next="choose another folder") from error
            written += len(paths)
            for path in paths:
                print(path)
    if not written:
        raise StorageFault("no state could be read", next=f"sweep run SPEC --set keep=log for {sweep} keeps them anew")


def _require_any(spec: SweepSpec, epochs: dict[str, list[int]]) -> None:
    if not any(epochs.values()):
        raise UsageError(
            f"no states of the networks of {spec.name} are kept",
            next="sweep run SPEC --set keep=log keeps those of points that are trained from then on",
        )
