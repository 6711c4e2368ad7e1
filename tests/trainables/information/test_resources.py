"""What an estimate takes: memory linear in N, threads as asked, one compilation per machine, a light import."""

import os
import shutil
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from tests.processes import imported_with, program
from trainables.information import available_threads, measure, mutual_information
from trainables.information.neighbors import compilation
from trainables.information.threads import run_in_threads

ROOT = Path(__file__).parents[3]


def start(command: list[str], **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=os.environ | environment, text=True, stdout=subprocess.PIPE)


def output(process: subprocess.Popen[str]) -> str:
    printed, _ = process.communicate(timeout=500)
    assert process.returncode == 0
    return printed.strip()


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux' /proc to reset the peak of memory")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_memory_is_less_than_two_copies_of_the_samples(dtype: str) -> None:
    assert float(output(start(program("memory_peak", dtype)))) < 2.0


def test_memory_is_not_quadratic() -> None:
    # One bit per pair would be 50 MB, one byte 400 MB.
    assert int(output(start(program("memory_growth")))) < 40e6


@pytest.mark.slow
def test_compiled_once_even_by_several_processes_at_once(tmp_path: Path) -> None:
    racing = [start(program("count_compilations"), NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)]
    values, compilations = zip(*(output(process).split() for process in racing), strict=True)
    assert "2" in compilations
    assert output(start(program("count_compilations"), NUMBA_CACHE_DIR=str(tmp_path))).split() == [values[0], "0"]
    assert len(set(values)) == 1


@pytest.mark.slow
def test_a_change_in_any_file_of_the_package_compiles_anew(tmp_path: Path) -> None:
    """Numba itself would ask after the file of the function alone, and run what its callees used to be."""
    copied = tmp_path / "copy" / "trainables"
    shutil.copytree(ROOT / "trainables", copied, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {"PYTHONPATH": str(copied.parent), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = program("count_compilations")
    assert output(start(command, **settings)).split()[1] == "2"
    bounds = copied / "information/neighbors/bounds.py"
    before = "return np.uint64(ALL_BITS) >> np.uint64(LANES - min(LANES, count - block * LANES))"
    assert before in bounds.read_text()
    bounds.write_text(bounds.read_text().replace(before, "return np.uint64(0)"))
    assert output(start(command, **settings)).split() == ["0", "2"]


def test_code_still_compiles_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_locator(**options: object) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(compilation, "numba", SimpleNamespace(njit=without_locator))
    assert compilation.compiled(lambda number: number + 1)(1) == 2


def test_import_is_light() -> None:
    assert imported_with("trainables.information", of={"sklearn", "npeet_plus"}) == set()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_exactly_the_threads_asked_for(threads: int) -> None:
    seen: set[int] = set()
    everyone_started = threading.Barrier(threads, timeout=30)

    def work(first: int, last: int) -> None:
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            everyone_started.wait()

    run_in_threads(work, 1000, threads, chunk=1)
    assert len(seen) == threads


def test_work_covers_the_range_once() -> None:
    done = np.zeros(1001, np.int64)

    def work(first: int, last: int) -> None:
        done[first:last] += 1

    run_in_threads(work, len(done), 3, chunk=4)
    assert (done == 1).all()


def test_a_failure_in_a_thread_reaches_the_caller() -> None:
    def work(first: int, last: int) -> None:
        if first == 60:
            raise OSError("no such block")

    with pytest.raises(OSError, match="no such block"):
        run_in_threads(work, 100, 4, chunk=1)


def test_estimates_may_run_side_by_side() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 1000, 4))
    expected = measure(x, y)
    found = []
    callers = [threading.Thread(target=lambda: found.append(measure(x, y, threads=2))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [expected] * 4


def test_survives_a_fork() -> None:
    assert output(start(program("fork_after_estimate"))) == "0"


def test_the_threads_default_is_numbas() -> None:
    assert available_threads() == numba.config.NUMBA_NUM_THREADS
    assert mutual_information(np.arange(9.0), np.arange(9.0) ** 2).n == 9
