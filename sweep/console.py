"""Output of commands: data on stdout, as a table or as JSON; messages and warnings on stderr."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sweep.text import escaped

talk = Console(stderr=True, markup=False, highlight=False)
"""The console for messages on stderr. Without markup, as users' input may contain brackets."""


def say(text: str, console: Console = talk) -> None:
    """Print a message on stderr."""
    console.print(escaped(text), soft_wrap=True)


def warn(text: str, console: Console = talk) -> None:
    """Print a warning on stderr."""
    console.print(escaped(text), style="yellow", soft_wrap=True)


def say_error(error: Exception, console: Console = talk) -> None:
    """Print the error that ends a command on stderr, with its next step."""
    console.print(escaped(f"sweep: {error}"), style="red", soft_wrap=True)


def print_json(value: Any) -> None:
    """The value on stdout, for scripts."""
    print(json.dumps(value, indent=1, default=str))


def print_text(text: str) -> None:
    """Text of any origin on stdout, its control characters written out."""
    print(escaped(text), flush=True)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout: fitted to a terminal; elsewhere in plain columns of full width."""
    console = Console()
    table = Table(
        *(escaped(name, in_one_line=True) for name in head),
        box=None,
        pad_edge=False,
        padding=(0, 3, 0, 0),
        header_style="bold",
    )
    for row in rows:
        table.add_row(*(escaped(str(cell), in_one_line=True) for cell in row))
    if not console.is_terminal:
        console = Console(width=10_000)
    console.print(table, highlight=False, markup=False, soft_wrap=not console.is_terminal)
    console.print()
