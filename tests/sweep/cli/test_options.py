"""The options of commands: each field of a group is an option, and every command takes those that all share."""

from dataclasses import dataclass, fields

import pytest
import typer
from typer.testing import CliRunner

from analysis import cli
from sweep.cli import options
from sweep.cli.app import loaded
from sweep.cli.options import Shared, Trials, expanded
from sweep.tracking.settings import default_tracking_uri

COMMANDS = {
    f"{name} {inner}".strip(): command
    for name in cli.COMMANDS
    for inner, command in getattr(loaded(name), "commands", {"": loaded(name)}).items()
}
"""By how they are typed, those of a group such as `store migrate` too."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_shared_options(name: str) -> None:
    taken = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert taken >= {"--store", "--tracking-uri", "--data-dir"}


@dataclass(frozen=True)
class Needed:
    context: typer.Context
    sweep: options.Sweep


def test_a_group_arrives_as_one_value_and_its_fields_are_options() -> None:
    own, arrived = typer.Typer(), []

    @own.command()
    @expanded
    def command(needed: Needed, trials: Trials, shared: Shared, as_json: options.Json = False) -> None:
        arrived.append((needed, trials, shared, as_json))

    done = CliRunner().invoke(own, ["demo", "--gpus-per-trial", "0.5", "--store", "here", "--json"])
    assert done.exit_code == 0, done.output
    ((needed, trials, shared, as_json),) = arrived
    assert (needed.sweep, set(needed.context.params) >= {one.name for one in fields(Shared)}) == ("demo", True)
    assert (trials, as_json) == (Trials(gpus_per_trial=0.5), True)
    assert (shared.store, shared.tracker) == ("here", default_tracking_uri("here"))


def test_a_field_without_a_default_is_required() -> None:
    own = typer.Typer()
    own.command()(expanded(needs_a_sweep))
    assert CliRunner().invoke(own, []).exit_code == 2


def needs_a_sweep(needed: Needed) -> None:
    """Takes a group with a required argument."""
