"""LEAF. Durations, counts and suggestions in words, for messages."""

import difflib
import re
from typing import Any

LONGEST_WORD = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""All but tab and line feed: with these a text can move the cursor, colour, or look like another line."""


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


def shown(value: Any, most: int = 80) -> str:
    """A value of a user as messages repeat it: in one line, cut where it is long."""
    text = repr(value[: most + 1] if isinstance(value, str) else value)
    return text if len(text) <= most + 2 else f"{text[:most]}..."


def escaped(text: str, *, in_one_line: bool = False) -> str:
    """The text with its control characters written out, so that a terminal obeys none of them; line ends may stay."""
    safe = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return safe.replace("\n", "\\n") if in_one_line else safe


def did_you_mean(word: str, allowed: Any) -> str:
    """A suggestion in brackets; empty when no allowed word is similar."""
    near = nearest(word, allowed)
    return f" (did you mean '{near}'?)" if near else ""


def nearest(word: str, allowed: Any) -> str | None:
    """The most similar of the allowed words; None when none is similar."""
    return next(iter(difflib.get_close_matches(word[:LONGEST_WORD], list(allowed), n=1)), None)


def counted(number: int, thing: str) -> str:
    """`1 point`, `2 points`, `1,000 points`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"
