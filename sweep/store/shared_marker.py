"""A marker in a store, by which processes on several hosts check that they use the same store."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sweep.store import layout
from sweep.store.store import Store


@dataclass(frozen=True)
class SharedMarker:
    """An object that contains its own name; each node that sees it writes an answer beside it.

    Raises (all methods):
        StorageFault: when the store cannot be read or written.
    """

    store: Store
    name: str

    @property
    def is_visible(self) -> bool:
        """Whether it is in this store."""
        return self.store.objects.read(self.name) == self.name.encode()

    def answer(self, node: str) -> bool:
        """Write and rename the answer of a node as a trial does with its objects; whether it can be read back."""
        name, objects = self._answer_name(node), self.store.objects
        objects.write(f"{name}-new", node.encode())
        objects.rename(f"{name}-new", name)
        return self.is_answered(node)

    def is_answered(self, node: str) -> bool:
        """Whether the answer of that node is in this store."""
        return self.store.objects.read(self._answer_name(node)) == node.encode()

    def delete_answers(self, nodes: Iterable[str]) -> None:
        """Delete what these nodes have answered."""
        for node in nodes:
            self.store.objects.delete(self._answer_name(node))

    def _answer_name(self, node: str) -> str:
        return f"{self.name}-{node}"


@contextmanager
def shared_marker(store: Store, sweep: str) -> Iterator[SharedMarker]:
    """A new marker of the sweep, which is there while in the block."""
    marker = SharedMarker(store, layout.preflight(sweep, uuid.uuid4().hex))
    store.objects.write(marker.name, marker.name.encode())
    try:
        yield marker
    finally:
        store.objects.delete(marker.name)
