"""What tells a store from others that mirror into the same MLflow. A copied store has the id of its original."""

import contextlib
import uuid

from sweep.errors import StorageFault
from sweep.store import layout
from sweep.store.store import Store


def store_id(store: Store) -> str:
    """The id of the store, made when first asked for; empty where it has none and cannot be written to."""
    if not known_store_id(store):
        with contextlib.suppress(StorageFault):
            store.objects.create(layout.STORE_ID, f"{uuid.uuid4().hex}\n".encode())
    return known_store_id(store)


def known_store_id(store: Store) -> str:
    """The id of the store, or an empty text; writes nothing."""
    return (store.objects.read(layout.STORE_ID) or b"").decode("ascii", "replace").strip()
