"""What kernels use of numba beyond its documentation, in numba 0.68.1 (constraints.txt): one module, one test for each.

A new numba that breaks one of these needs another line in neighbors/compilation.py before the pin may move.
"""

import ast
from pathlib import Path

from numba import typeof
from numba.core.compiler import DEFAULT_FLAGS, Flags
from numba.core.datamodel import default_manager
from numba.core.registry import CPUDispatcher

from trainables.information.neighbors import bounds, compilation, count, lanes, saturation, search

ROOT = Path(__file__).parents[3]
INFORMATION = ROOT / "trainables/information"
PINNED = "0.68.1"


def test_the_pinned_version_is_the_one_that_was_looked_at() -> None:
    assert f"numba=={PINNED}" in (ROOT / "constraints.txt").read_text().splitlines()


def test_the_cache_of_a_kernel_is_keyed_by_all_files_of_its_package() -> None:
    """`_cache._cache_file._source_stamp` of a dispatcher is what a cached kernel must have been compiled with."""
    assert bounds.gather_rows._cache._cache_file._source_stamp == compilation._sources()  # type: ignore[attr-defined]


def test_counting_of_references_and_inlining_are_options_of_the_compiler() -> None:
    """`_nrt` and `forceinline` of `njit` are not documented: numba raises for options that it does not know."""
    assert hasattr(DEFAULT_FLAGS, "nrt")
    assert {"nrt", "forceinline"} <= set(Flags.options)
    assert search.insert_sorted.targetoptions["forceinline"] is True  # type: ignore[attr-defined]
    assert search.search_block.targetoptions["_nrt"] is False  # type: ignore[attr-defined]


def test_a_named_tuple_is_a_structure_of_its_fields_in_their_order() -> None:
    """`simd` takes fields of a query out of the value that numba hands to an intrinsic."""
    kind = typeof(lanes.no_radii())
    assert kind.fields == lanes.LaneRadii._fields
    assert [str(one) for one in kind.types] == ["array(uint8, 1d, C)", "int64"]
    assert [model.fe_type for model in default_manager[kind].inner_models()] == list(kind.types)


def test_all_kernels_lie_where_a_change_compiles_them_anew() -> None:
    for module in (bounds, count, lanes, saturation, search):
        kernels = [value for value in vars(module).values() if isinstance(value, CPUDispatcher)]
        assert kernels
        for kernel in kernels:
            assert Path(kernel.py_func.__code__.co_filename).parent == INFORMATION / "neighbors"
    for path in (INFORMATION / "..").resolve().rglob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if "neighbors.compilation" in (node.module or "")
        }
        assert not names or path.parent == INFORMATION / "neighbors", path
