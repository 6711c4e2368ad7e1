"""LEAF. What kind of failure an error is, and how often trying again may help. Tables first, code last."""

import errno
import re
from collections.abc import Iterable
from typing import Literal, get_args

from sweep.errors import causes

Kind = Literal["infra", "resource", "numeric", "code"]
"""infra: the machine or the process died, or hung; resource: out of memory or disk; numeric: arithmetic that has no
result; code: everything else, as the same error would come again. A training that diverges is a result, not a failure.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)

RETRIES: dict[Kind, int] = {"infra": 3, "resource": 1, "numeric": 0, "code": 0}
"""How often one run tries a point again by itself after failures of that kind; `--retry` grants as many once more."""

NODE_LOST = "node lost"
"""How the death of an execution counts whose node has left the cluster; its record says `infra`."""

RETRIES_NODE_LOST = 10
"""It says nothing of the point, as a spot node goes when it must, unless it is the point that ends its nodes."""

_BY_CLASS: dict[str, Kind] = {
    "MemoryError": "resource",
    "OutOfMemoryError": "resource",
    "ResourceExhaustedError": "resource",
    "ConnectionError": "infra",
    "TimeoutError": "infra",
    "UnavailableError": "infra",
    "AbortedError": "infra",
    "DeadlineExceededError": "infra",
    "ArithmeticError": "numeric",
    "LinAlgError": "numeric",
}
"""By the name of the class or of one it derives from, so that nothing heavy is imported to ask."""

_BY_ERRNO: dict[int, Kind] = {
    **dict.fromkeys((errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE), "resource"),
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EREMOTEIO), "infra"),
    **dict.fromkeys((errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH), "infra"),
}

_SPEAKING = frozenset(
    {"XlaRuntimeError", "JaxRuntimeError", "RuntimeError", "InternalError", "UnknownError", "InvalidArgumentError"}
    | {"ValueError"}
)
_BY_WORDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"RESOURCE_EXHAUSTED|out of memory|OUT_OF_MEMORY|OOM when|ALLOC_FAILED|to allocate"), "resource"),
    (re.compile(r"CUDA_ERROR_|CUDNN_STATUS_|CUBLAS_STATUS_|cudaError|NCCL|UNAVAILABLE:|ABORTED:"), "infra"),
    (re.compile(r"had (NaN|Inf)|CheckNumerics|(contains?|containing) (NaN|nan|inf|Inf)"), "numeric"),
)
"""What errors say whose class tells nothing: those of accelerators, and of numeric libraries that check their input."""


def classify(error: BaseException) -> Kind:
    """The kind of an exception that ended a trial; where it tells nothing, the kind of what it was raised from."""
    return next((kind for one in causes(error, only_explicit=True) if (kind := _kind_of(one)) is not None), "code")


def may_retry(kinds: Iterable[str]) -> bool:
    """Whether a point that failed in these ways in this run, the last one last, may be tried again by itself."""
    kinds = list(kinds)
    return bool(kinds) and kinds.count(kinds[-1]) <= retries(kinds[-1])


def retries(kind: str) -> int:
    """`RETRIES` of a kind as a record has it, or of `NODE_LOST`; none for a kind that this version does not know."""
    if kind == NODE_LOST:
        return RETRIES_NODE_LOST
    return {str(name): number for name, number in RETRIES.items()}.get(kind, 0)


def _kind_of(error: BaseException) -> Kind | None:
    names = [one.__name__ for one in type(error).__mro__]
    for name in names:
        if name in _BY_CLASS:
            return _BY_CLASS[name]
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    if _SPEAKING.intersection(names):
        return next((kind for words, kind in _BY_WORDS if words.search(str(error))), None)
    return None
