"""A share of a GPU becomes a limit that its sharers can keep to together, set before a backend starts."""

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.processes import program
from trainables.gpu_share import CONTEXT_MIB, jax_settings, limit_mib


@given(st.integers(2, 64), st.integers(4_000, 200_000))
def test_the_limits_of_all_that_share_a_gpu_fit_on_it(sharers: int, memory_mib: int) -> None:
    limit = limit_mib(1 / sharers, memory_mib)
    assert limit is not None
    assert 0 < limit * sharers <= memory_mib
    roomy = memory_mib / sharers >= 2 * CONTEXT_MIB
    assert not roomy or (limit + CONTEXT_MIB) * sharers <= memory_mib


@pytest.mark.parametrize("share", [0.0, 1.0, 2.0])
def test_whole_gpus_and_none_have_no_limit(share: float) -> None:
    assert limit_mib(share, 80_000) is None


def test_a_larger_share_allows_more() -> None:
    limits = [limit_mib(share, 80_000) for share in (0.1, 0.25, 0.5)]
    assert limits == [7_400, 19_400, 39_400]


def test_jax_is_told_the_limit_as_a_part_of_the_memory() -> None:
    fraction = jax_settings(19_400, 80_000)["XLA_PYTHON_CLIENT_MEM_FRACTION"]
    assert float(fraction) * 80_000 == pytest.approx(19_400, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_backend_starts_under_a_limit_also_where_the_user_had_set_another(backend: str) -> None:
    pytest.importorskip("jax")
    environment = os.environ | {"KERAS_BACKEND": backend, "XLA_CLIENT_MEM_FRACTION": "0.9"}
    done = subprocess.run(
        program("limited_backend"), env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == [backend, "3.0", "0.25"]
