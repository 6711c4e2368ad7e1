"""Rewrites the records of older schema versions in a store in the form of the present one."""

from collections import Counter
from dataclasses import dataclass, field

from sweep.store import encoding, layout
from sweep.store.lease import refuse_if_live
from sweep.store.store import Store
from trainables.format.sealed import DamagedObject
from trainables.format.versions import OtherVersion


@dataclass
class Migrated:
    """The outcome of a migration: records rewritten, by their old version, records that were current, and others."""

    version: int
    rewritten: Counter[int] = field(default_factory=Counter)
    current: int = 0
    damaged: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def migrate(store: Store) -> Migrated:
    """Rewrite every record of an older version, whole objects at a time, so that an interrupted migration goes on.

    Damaged records, and those of versions that this program does not read, stay as they are.

    Raises:
        DriverLive: when a sweep of the store has a live driver.
    """
    for sweep in store.sweeps():
        refuse_if_live(store, sweep)
    done = Migrated(encoding.RECORD_VERSION)
    for point_id in store.objects.names("points"):
        for name in store.objects.names(layout.point(point_id)):
            if kind := encoding.kind_of(name):
                _migrate_record(store, kind, layout.point(point_id, name), done)
    return done


def _migrate_record(store: Store, kind: str, name: str, done: Migrated) -> None:
    data = store.objects.read(name)
    if data is None:  # dropped meanwhile
        return
    try:
        version, present = encoding.in_present_version(kind, data)
    except DamagedObject:
        done.damaged.append(name)
    except OtherVersion as error:
        done.unreadable.append(f"{name}: {error}")
    else:
        if version == done.version:
            done.current += 1
        else:
            store.objects.write(name, present)
            done.rewritten[version] += 1
