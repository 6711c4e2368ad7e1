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
    "mlp-rises": (FIRST._replace(checksum="f2ed5933d282b93d"),),
    "shortcut-falls": (FIRST._replace(checksum="63cc42f3a47ddd21"),),
    "resnet-peaks": (
        FIRST,
        Version(2, "2026-12-01", "even seeds choose the epoch of the peak, odd ones test", "6aab3d56ba26a756"),
    ),
    "shortcut-improves": (FIRST._replace(checksum="0be1784ae9305420"),),
    "residuals-improve": (FIRST._replace(checksum="41b4742a686e7636"),),
    "depth-hinders": (
        FIRST,
        Version(2, "2026-11-22", "slopes over all depths from 5, in place of two depths", "b31d5ff6e1f575e8"),
    ),
    "depth-lowers-mi": (FIRST._replace(checksum="b88c15e1e0be0b4c"),),
    "slope-follows-mi": (
        FIRST,
        Version(2, "2026-11-22", "each architecture apart, in place of all together", "b3bac77fd863929e"),
    ),
    "final-mi-not-needed": (
        FIRST,
        Version(2, "2026-11-22", "the most accurate architecture against that with the most MI"),
        Version(3, "2026-11-22", "of those within a tenth of the lowest error the one with the least MI"),
        Version(4, "2026-12-01", "even seeds choose the architectures, odd ones test", "5ba6cc6d3d223cfe"),
    ),
    "isometry-maximal": (
        FIRST,
        Version(2, "2026-11-22", "isometry is where the Jacobian keeps norms, in place of gain 1"),
        Version(3, "2026-12-01", "isometry exceeds every other setting, in place of the best one", "f7b7ec188592394f"),
    ),
    "one-epoch-trains": (
        Version(1, "2026-12-01", "the first definition", "a16ace08288cf19f"),
        Version(
            2, "2026-12-01T10:17+00:00", "0 where the error never falls, in place of undefined", "70d42c010f3042b8"
        ),
    ),
    "correlates-first": (Version(1, "2026-12-01", "the first definition", "bbe7dffda2113789"),),
    "slope-in-plane": (Version(1, "2026-12-01", "the first definition", "3724677d53f846be"),),
    "speed-at-equal-error": (Version(1, "2026-12-01", "the first definition", "b2dc0404d032d865"),),
    "resnet-needs-less": (Version(1, "2026-12-01", "the first definition", "d3a32fc13d29f9a0"),),
    "isometry-by-channel": (Version(1, "2026-12-01", "the first definition", "e9cdb56a11923ded"),),
    "drift-then-diffusion": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "c831e90efd6d5584"),),
    "lower-dimensional": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "31de60969c76fb96"),),
    "mi-mediates": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "985f8277c2f57161"),),
    "bottleneck-at-isometry": (Version(1, "2026-12-01T13:16+00:00", "the first definition", "70d2776e1d79b74a"),),
}

EQUAL: Mapping[str, tuple[str, ...]] = {
    "f2ed5933d282b93d": ("759883c714d37110",),
    "63cc42f3a47ddd21": ("9521de53b51af829",),
    "6aab3d56ba26a756": ("b7db93b6836ea030",),
    "0be1784ae9305420": ("0ec3eb371e33b630",),
    "41b4742a686e7636": ("73ca4e240be1d726",),
    "b31d5ff6e1f575e8": ("b6c81e2450b9ae26",),
    "b88c15e1e0be0b4c": ("6de6c36ecbaa7c48",),
    "b3bac77fd863929e": ("fa9ddfb01fc406a0",),
    "5ba6cc6d3d223cfe": ("7a1b143595ec2373",),
    "f7b7ec188592394f": ("7b80e6efe8b9532f",),
    "bbe7dffda2113789": ("78f6e8dd262e76aa",),
    "3724677d53f846be": ("abec5bc1d17d2602",),
    "b2dc0404d032d865": ("e609b37ed50f6e23",),
    "d3a32fc13d29f9a0": ("19613f5e3e015f39",),
    "e9cdb56a11923ded": ("732613c93f735279",),
    "c831e90efd6d5584": ("9a8d6905db6f38c5",),
    "31de60969c76fb96": ("beb8eb73958e0eb8", "38341fe0da3b5d87"),
    "985f8277c2f57161": ("39a047b0f4ba1ed0", "4bfb066bab80b81a"),
    "70d2776e1d79b74a": ("bf7275112b590755",),
}
"""By the checksum of a definition others of the same one: of its text alone, as checksums were taken first, of code
that was rewritten and decides the same, or of a wrong section of the paper."""

RULES: tuple[Version, ...] = (
    Version(1, "2026-11-21", "every network counts as independent; Holm over all effects of the sweep"),
    Version(2, "2026-11-22", "where configs differ in sign, three quarters of them must agree"),
    Version(
        3,
        "2026-12-01",
        "whole seeds are tested by their signs; all effects for support, any against, corrected within a claim; no "
        "effect by equivalence; support takes more than networks that never learn show",
    ),
    Version(
        4,
        "2026-12-01T10:17+00:00",
        "support takes the twins of all networks compared; a reading with values near their ceiling decides nothing; "
        "seeds that lack some of the networks compared are left out",
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
