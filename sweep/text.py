"""LEAF. Durations, counts and suggestions in words, for messages."""

import difflib
from typing import Any


def duration(seconds: float | None) -> str:
    """A duration as text: 40 s, 12 min, 3 h 20 min."""
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def first_line(error: BaseException, most: int = 300) -> str:
    """What an error says, in one line of so many letters at most; its class where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:most]


def did_you_mean(word: str, allowed: Any) -> str:
    """A suggestion in brackets; empty when no allowed word is similar."""
    near = nearest(word, allowed)
    return f" (did you mean '{near}'?)" if near else ""


def nearest(word: str, allowed: Any) -> str | None:
    """The most similar of the allowed words; None when none is similar."""
    return next(iter(difflib.get_close_matches(word, list(allowed), n=1)), None)


def counted(number: int, thing: str) -> str:
    """`1 point`, `2 points`, `1,000 points`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"
