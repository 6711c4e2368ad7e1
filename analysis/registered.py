"""LEAF. When each version of a claim's definition came, what it changed, and the checksum that tells it from others.

A changed definition is a new line here, with its day: a test holds the last line to the claim as it is.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Version(NamedTuple):
    """A version of a definition.

    since: its day, UTC, or the minute where there are data of that day. checksum: None of those from before checksums
    were taken.
    """

    number: int
    since: str
    changed: str
    checksum: str | None = None


FIRST = Version(1, "2026-11-21", "the first definition")

REGISTERED: Mapping[str, tuple[Version, ...]] = {
    "mlp-rises": (FIRST._replace(checksum="759883c714d37110"),),
    "shortcut-falls": (FIRST._replace(checksum="9521de53b51af829"),),
    "resnet-peaks": (
        FIRST,
        Version(2, "2026-12-01", "even seeds choose the epoch of the peak, odd ones test", "b7db93b6836ea030"),
    ),
    "shortcut-improves": (FIRST._replace(checksum="0ec3eb371e33b630"),),
    "residuals-improve": (FIRST._replace(checksum="73ca4e240be1d726"),),
    "depth-hinders": (
        FIRST,
        Version(2, "2026-11-22", "slopes over all depths from 5, in place of two depths", "b6c81e2450b9ae26"),
    ),
    "depth-lowers-mi": (FIRST._replace(checksum="6de6c36ecbaa7c48"),),
    "slope-follows-mi": (
        FIRST,
        Version(2, "2026-11-22", "each architecture apart, in place of all together", "fa9ddfb01fc406a0"),
    ),
    "final-mi-not-needed": (
        FIRST,
        Version(2, "2026-11-22", "the most accurate architecture against that with the most MI"),
        Version(3, "2026-11-22", "of those within a tenth of the lowest error the one with the least MI"),
        Version(4, "2026-12-01", "even seeds choose the architectures, odd ones test", "7a1b143595ec2373"),
    ),
    "isometry-maximal": (
        FIRST,
        Version(2, "2026-11-22", "isometry is where the Jacobian keeps norms, in place of gain 1"),
        Version(3, "2026-12-01", "isometry exceeds every other setting, in place of the best one", "7b80e6efe8b9532f"),
    ),
    "one-epoch-trains": (Version(1, "2026-12-01", "the first definition", "a16ace08288cf19f"),),
    "correlates-first": (Version(1, "2026-12-01", "the first definition", "78f6e8dd262e76aa"),),
    "slope-in-plane": (Version(1, "2026-12-01", "the first definition", "abec5bc1d17d2602"),),
    "speed-at-equal-error": (Version(1, "2026-12-01", "the first definition", "e609b37ed50f6e23"),),
    "resnet-needs-less": (Version(1, "2026-12-01", "the first definition", "19613f5e3e015f39"),),
    "isometry-by-channel": (Version(1, "2026-12-01", "the first definition", "732613c93f735279"),),
    "drift-then-diffusion": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "9a8d6905db6f38c5"),),
    "lower-dimensional": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "38341fe0da3b5d87"),),
    "mi-mediates": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "4bfb066bab80b81a"),),
    "bottleneck-at-isometry": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "bf7275112b590755"),),
}

RULES: tuple[Version, ...] = (
    Version(1, "2026-11-21", "every network counts as independent; Holm over all effects of the sweep"),
    Version(2, "2026-11-22", "where configs differ in sign, three quarters of them must agree"),
    Version(
        3,
        "2026-12-01",
        "whole seeds are tested by their signs; all effects for support, any against, corrected within a claim; no "
        "effect by equivalence; support takes more than networks that never learn show",
    ),
)
"""The versions of the rules of inference, by which all claims are judged."""


def recorded_now() -> dict[str, dict[str, Any]]:
    """By claim its present version and checksum, and the rules', as a sweep records them when it starts."""
    rules = {"version": RULES[-1].number, "since": RULES[-1].since, "checksum": None}
    return {"rules": rules} | {
        name: {"version": versions[-1].number, "since": versions[-1].since, "checksum": versions[-1].checksum}
        for name, versions in REGISTERED.items()
    }
