"""Stores of made-up results to report of."""

from dataclasses import replace
from pathlib import Path

from sweep.spec import SweepSpec
from sweep.store import Attempt, Store
from tests.conftest import make_result
from trainables.records import Failure


def made(folder: Path, spec: SweepSpec, is_complete: bool = False) -> Store:
    """Made-up histories; the first point took two attempts. Unless complete, one point failed and one is missing."""
    store = Store(folder)
    store.save_spec(spec.name, spec.to_yaml())
    for point in spec.points if is_complete else spec.points[:-2]:
        store.commit_result(point, make_result(point))
    died = Attempt(1, "2026-01-02T03:04:05+00:00", "here", 0, {"device": "cpu"}, ended="2026-01-02T03:05:06+00:00")
    store.save_attempt(spec.points[0].point_id, _failed(died, "infra", "its process died"))
    if not is_complete:
        failed = _failed(died, "code", "ValueError: <b>no</b> & never\nmore")
        store.save_attempt(spec.points[-2].point_id, failed)
    return store


def _failed(attempt: Attempt, kind: str, message: str) -> Attempt:
    return replace(attempt, failure=Failure(kind, message, ""))
