"""What is said of a value that a field does not take: the value, what is wrong with it, and what to type instead."""

import re
from typing import Any

from sweep.spec import yaml_lines
from sweep.text import did_you_mean, shown

MESSAGE_LENGTH = 300
RANGE = re.compile(r"\s*(\d{1,18})\s*\.\.\s*(\d{1,18})\s*")


def field_of(path: yaml_lines.Path) -> str:
    """The name of the field that a place in a spec is of."""
    return str(next(key for key in reversed(path) if isinstance(key, str)))


def what_to_type(path: yaml_lines.Path, problem: Any) -> str:
    """What to write instead of a value that means something else in YAML than what was probably meant; or empty."""
    value, kind = problem["input"], problem["type"]
    if isinstance(value, float) and kind == "int_type" and value.is_integer():
        return f"; write {int(value)}"
    if not isinstance(value, str):
        return ""
    if RANGE.fullmatch(value):
        return f"; a range stands without brackets in 'grid', as in {field_of(path)}: {value.strip()}"
    if kind == "bool_type" and value.lower() in ("on", "yes", "y", "off", "no", "n"):
        return f"; write {'true' if value.lower() in ('on', 'yes', 'y') else 'false'}"
    if kind in ("int_type", "float_type") and re.fullmatch(r"[-+]?[0-9.]+", value):
        return "; leave out the quotes"
    return ""


def in_words(problem: Any) -> str:
    """The value and its problem, for one error of a `ValidationError`."""
    allowed = re.findall(r"'([^']*)'", str(problem.get("ctx", {}).get("expected", "")))
    hint = did_you_mean(str(problem["input"]), allowed)
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return f"{shown(problem['input'])}{hint}: {message[:MESSAGE_LENGTH]}"
