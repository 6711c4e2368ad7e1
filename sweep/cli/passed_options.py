"""The options given on a command line, as words that a cluster can be given."""

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import typer

from sweep.errors import UsageError
from sweep.storage import parsed

PLACES = ("store", "data_dir")


def passed_options(context: typer.Context, without: Collection[str] = ()) -> list[str]:
    """Arguments and options that were given; what the environment of this machine sets means nothing elsewhere.

    Raises:
        UsageError: when a place is not one that every node of a cluster could mean, or a value holds a password: what
            is sent stays in the cluster's list of jobs.
    """
    words: list[str] = []
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name not in without and source is not None and source.name == "COMMANDLINE":
            words += _words(parameter, context.params[str(parameter.name)])
    return words


def _words(parameter: Any, value: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [str(value)]
    if isinstance(value, bool):
        return [parameter.opts[0] if value else parameter.secondary_opts[0]]
    values = [str(one) for one in (value if isinstance(value, list | tuple) else [value])]
    for one in values:
        _refuse_what_others_could_read(parameter.opts[0], one)
        if parameter.name in PLACES:
            _refuse_relative(parameter.opts[0], one)
        if parameter.name == "store":
            parsed(one)
    return [word for one in values for word in (parameter.opts[0], one)]


def _refuse_what_others_could_read(option: str, value: str) -> None:
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
