"""The versions of every claim's definition: since when each holds, and the checksum that tells it from others.

A definition is fixed before its data: a sweep records those that it is started with (`sweep.store`), and what is judged
by a younger one is said to be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from analysis.claims.earlier import EARLIER
from analysis.claims.judgement import AtStart, Judgement, Older
from analysis.claims.judging import judge
from analysis.claims.model import Claim
from analysis.claims.needs import Origin
from analysis.registered import EQUAL, REGISTERED, RULES, Version

Starts = Sequence[Mapping[str, Any]]
"""Of each start of a sweep that had other definitions than the one before its time, and the definitions by claim."""


def version_of(claim: Claim) -> Version:
    """The registered version of the claim's definition.

    Raises:
        KeyError: when it is not registered.
    """
    return next(one for one in REGISTERED[claim.name] if one.number == claim.version)


def first_attempt(points: pd.DataFrame) -> datetime | None:
    """When the first attempt at any point started; None where the table of points does not tell."""
    times: Iterable[Any] = points.get("attempt_times", ())
    started = [one["started"] for attempts in times if attempts is not None for one in attempts if one["started"]]
    return min(map(datetime.fromisoformat, started), default=None)


def beside_older(
    judgements: Sequence[Judgement], epochs: pd.DataFrame, points: pd.DataFrame, origin: Origin
) -> list[Judgement]:
    """The judgements; those by a definition that is younger than the data with the verdict by the one before them.

    epochs, points: as `judge` takes them. The rules of inference are the present ones for both.
    """
    data = first_attempt(points)
    if data is None:
        return list(judgements)
    older = {one.claim.name: _held(one.claim, data) for one in judgements if _is_after(version_of(one.claim), data)}
    kept = [claim for claim in EARLIER if (held := older.get(claim.name)) and held.number == claim.version]
    verdicts = {one.claim.name: one.verdict for one in judge(epochs, points, kept, origin)} if kept else {}
    return [
        replace(
            one,
            is_younger=one.claim.name in older,
            older=Older(held.number, held.since, verdicts.get(one.claim.name))
            if (held := older.get(one.claim.name))
            else None,
        )
        for one in judgements
    ]


def beside_looks(judgements: Sequence[Judgement], decisions: Mapping[str, Any] | None) -> list[Judgement]:
    """The judgements with the verdicts of a sweep's looks, as its store keeps them."""
    verdicts = {
        name: str(said) for look in (decisions or {}).get("looks", ()) for name, said in look["verdicts"].items()
    }
    return [replace(one, of_looks=verdicts.get(one.claim.name)) for one in judgements]


def beside_starts(judgements: Sequence[Judgement], starts: Starts) -> list[Judgement]:
    """The judgements with the starts of the sweep that recorded other definitions than these."""
    return [replace(one, unlike=_unlike(one.claim.name, version_of(one.claim), starts)) for one in judgements]


def rules_unlike(starts: Starts) -> tuple[AtStart, ...] | None:
    """The starts of a sweep that recorded other rules of inference than the present ones; None where none did."""
    return _unlike("rules", RULES[-1], starts)


def _unlike(name: str, version: Version, starts: Starts) -> tuple[AtStart, ...] | None:
    held = [(str(one["started"]), one["definitions"].get(name) or {}) for one in starts]
    recorded = [AtStart(started, of.get("version"), of.get("checksum")) for started, of in held]
    equal = {version.checksum, *EQUAL.get(str(version.checksum), ())}
    return tuple(one for one in recorded if one.version != version.number or one.checksum not in equal) or (
        () if recorded else None
    )


def _is_after(version: Version, data: datetime) -> bool:
    since = datetime.fromisoformat(version.since)
    return since > data if since.tzinfo else since.date() > data.astimezone(UTC).date()


def _held(claim: Claim, data: datetime) -> Version | None:
    """The version of its definition that held when the data began; None where there was none."""
    return next((one for one in reversed(REGISTERED[claim.name]) if not _is_after(one, data)), None)
