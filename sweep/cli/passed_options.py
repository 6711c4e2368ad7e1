"""The options given on a command line, as the arguments of a command that runs on a cluster."""

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import typer

from sweep.errors import UsageError
from sweep.storage import place_of

PLACES = ("store", "data_dir")


def passed_options(context: typer.Context, without: Collection[str] = ()) -> list[str]:
    """The arguments and options given on the command line; those from this machine's environment are left out.

    Raises:
        UsageError: when a path is relative, so that each node would read it differently, or a value holds a password:
            the request stays in the cluster's list of jobs.
    """
    arguments: list[str] = []
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name not in without and source is not None and source.name == "COMMANDLINE":
            arguments += _arguments(parameter, context.params[str(parameter.name)])
    return arguments


def _arguments(parameter: Any, value: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [str(value)]
    if isinstance(value, bool):
        return [parameter.opts[0] if value else parameter.secondary_opts[0]]
    values = [str(text) for text in (value if isinstance(value, list | tuple) else [value])]
    for text in values:
        _refuse_password(parameter.opts[0], text)
        if parameter.name in PLACES:
            _refuse_relative(parameter.opts[0], text)
        if parameter.name == "store":
            place_of(text)
    return [argument for text in values for argument in (parameter.opts[0], text)]


def _refuse_password(option: str, value: str) -> None:
    if "://" in value and urlsplit(value).password:
        raise UsageError(
            f"{option} holds a password, which everyone who sees the cluster's jobs could read",
            next="set it in the cluster's own environment, before `ray start`, and leave it out here",
        )


def _refuse_relative(option: str, value: str) -> None:
    if "://" not in value and not PurePosixPath(value).is_absolute():
        raise UsageError(
            f"{option} {value}: on a cluster this is an absolute path, or a bucket such as s3://bucket/runs",
            next="the same with a place that every node sees; left out, the cluster's own setting counts",
        )
