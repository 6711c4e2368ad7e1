"""LEAF. What kind of failure an error is: this decides whether trying again can help."""

from typing import Literal, get_args

Kind = Literal["infra", "resource", "code"]
"""infra: the machine or the process died; resource: out of memory; code: the same error would come again."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_RESOURCE_NAMES = ("ResourceExhaustedError", "OutOfMemoryError", "XlaRuntimeError")


def classify(error: BaseException) -> Kind:
    """The kind of an exception that ended a trial."""
    if isinstance(error, MemoryError):
        return "resource"
    if type(error).__name__ in _RESOURCE_NAMES and ("RESOURCE_EXHAUSTED" in str(error) or "OOM" in str(error)):
        return "resource"
    if isinstance(error, (ConnectionError, TimeoutError)):
        return "infra"
    return "code"
