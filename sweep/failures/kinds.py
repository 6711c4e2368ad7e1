"""The kind of failure that an error is. Tables first, code last."""

import errno
import re
from typing import Literal, get_args

from sweep.errors import causes

Kind = Literal["infra", "resource", "numeric", "code"]
"""infra: the machine or the process died, or hung; resource: out of memory or disk; numeric: arithmetic that has no
result; code: everything else, as the same error would come again. A training that diverges is a result, not a failure.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)

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
"""By the name of the class or of a base class, so that no heavy library is imported for a comparison."""

_BY_ERRNO: dict[int, Kind] = {
    **dict.fromkeys((errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE), "resource"),
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EREMOTEIO), "infra"),
    **dict.fromkeys((errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH), "infra"),
}

_GENERIC_ERRORS = frozenset(
    {"XlaRuntimeError", "JaxRuntimeError", "RuntimeError", "InternalError", "UnknownError", "InvalidArgumentError"}
    | {"ValueError"}
)
_BY_MESSAGE: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"RESOURCE_EXHAUSTED|out of memory|OUT_OF_MEMORY|OOM when|ALLOC_FAILED|to allocate"), "resource"),
    (re.compile(r"CUDA_ERROR_|CUDNN_STATUS_|CUBLAS_STATUS_|cudaError|NCCL|UNAVAILABLE:|ABORTED:"), "infra"),
    (re.compile(r"had (NaN|Inf)|CheckNumerics|(contains?|containing) (NaN|nan|inf|Inf)"), "numeric"),
)
"""By the message, for errors of general classes: those of accelerators, and of numeric libraries that check input."""


def classify(error: BaseException) -> Kind:
    """The kind of an exception that ended a trial; if it has none, the kind of the one that it was raised from."""
    kinds = map(_kind_of, causes(error, only_explicit=True))
    return next((kind for kind in kinds if kind is not None), "code")


def _kind_of(error: BaseException) -> Kind | None:
    names = [base.__name__ for base in type(error).__mro__]
    for name in names:
        if name in _BY_CLASS:
            return _BY_CLASS[name]
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    if _GENERIC_ERRORS.intersection(names):
        return next((kind for pattern, kind in _BY_MESSAGE if pattern.search(str(error))), None)
    return None
