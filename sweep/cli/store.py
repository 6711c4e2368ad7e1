"""The command `store migrate`: bring the records of a store to the present schema version."""

import typer

from sweep.cli import options
from sweep.console import say, warn
from sweep.errors import OtherRecordVersion
from sweep.store import Store, migrate
from sweep.text import counted

app = typer.Typer(help="Look after a store as a whole.", no_args_is_help=True)


def migrate_store(shared: options.Stored) -> None:
    """Rewrite records of older schema versions in the present one; without it they are read as they are."""
    store = Store(shared.store)
    done = migrate(store)
    for version, count in sorted(done.rewritten.items()):
        say(f"{counted(count, 'record')} of version {version} rewritten as version {done.version}")
    current = f"{counted(done.current, 'record')} of version {done.version}"
    if not done.rewritten:
        say(f"{store.root}: {current}: nothing to do")
    elif done.current:
        say(f"{current} left as they were")
    for name in done.damaged:
        warn(f"{name}: damaged, left as it is")
    if done.unreadable:
        raise OtherRecordVersion.of("\n".join(done.unreadable))


app.command("migrate")(options.expanded(migrate_store))
