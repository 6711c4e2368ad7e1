"""Which failures are worth another try."""

import pytest

from sweep.errors import UsageError
from sweep.failures import classify
from sweep.reading import retry_kinds

ResourceExhaustedError = type("ResourceExhaustedError", (Exception,), {})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("no"), "code"),
        (MemoryError(), "resource"),
        (ResourceExhaustedError("OOM when allocating tensor"), "resource"),
        (ConnectionResetError(), "infra"),
    ],
)
def test_errors_have_a_kind(error: Exception, kind: str) -> None:
    assert classify(error) == kind


def test_retry_takes_a_list_of_kinds_or_all() -> None:
    assert retry_kinds(None) == ()
    assert retry_kinds("infra,resource") == ("infra", "resource")
    assert retry_kinds("all") == ("infra", "resource", "code")
    with pytest.raises(
        UsageError, match="--retry cod: unknown kind of failure; allowed are infra, resource, code, all"
    ):
        retry_kinds("cod")
