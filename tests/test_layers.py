"""The structure of the code, read from its imports: who may import whom, faces, sizes, other libraries' private API."""

import ast
import subprocess
from collections.abc import Iterator

import pytest

from tests.modules import NAMES, PACKAGES, ROOT, faces, imported, package_of, sources, tree
from tests.processes import imported_with, program

FORBIDDEN = {
    "trainables": {"ray", "mlflow", "sweep", "analysis", "matplotlib"},
    "analysis": {"ray", "tensorflow", "keras", "jax"},
    "sweep": {"matplotlib", "analysis"},
}
FLOORS = (
    {"errors", "text", "timing"},
    {"console", "commands"},
    {"system"},
    {"storage", "spec"},
    {"store"},
    {"cluster", "tracking", "failures"},
    {"trial", "jobs", "planning"},
    {"progress"},
    {"driver"},
    {"cli"},
)
"""The packages and modules of `sweep`: each imports only those of floors before its own."""

SEEN_BY_ANALYSIS = {"spec", "store", "console", "commands", "errors", "text", "tracking"}
"""Of `tracking` the settings of MLflow's client alone, as a test of its own has it."""

ENTRY_POINT = ("analysis.cli", "analysis.commands")
"""Composes the command line, so that it alone of the analysis imports `sweep.cli`."""

LONGEST_MODULE = 300
MOST_MODULES = 15
REGISTRIES = {"analysis.claims", "analysis.figures", "trainables.architectures", "sweep.cli"}
"""One file for each entry, however many there are."""

PRIVATE_API = {
    "ray": {"sweep.cluster.ray_internals", "sweep.driver.tune_internals"},
    "numba": {"trainables.information.neighbors.compilation"},
}
"""The one module, or one for each part of a library, in which its private names may stand."""

DOCUMENTED = {"_asdict", "_make", "_replace", "_fields", "_exit"}
"""Names that are public all the same: of named tuples, and of `os`."""


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_package_imports_what_it_must_not_know(package: str) -> None:
    for name in NAMES:
        if name.split(".")[0] == package:
            assert not {one.partition(".")[0] for one in imported(name)} & FORBIDDEN[package], name


def test_packages_of_sweep_import_only_what_is_below_them() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert {name.split(".")[1] for name in NAMES if name.startswith("sweep.")} == set(floor)
    for name in (one for one in NAMES if one.startswith("sweep.")):
        own = name.split(".")[1:2]
        for other in (one.split(".")[1] for one in imported(name) if own and one.startswith("sweep.")):
            assert other in own or floor[other] < floor[own[0]], f"{name} imports {other}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: {one for one in imported(name) if one in NAMES} for name in NAMES}
    while leaves := {name for name, others in graph.items() if not others}:
        graph = {name: others - leaves for name, others in graph.items() if name not in leaves}
    assert not graph, f"in or above a circle: {sorted(graph)}"


def test_what_a_face_has_is_imported_from_the_face() -> None:
    for name in NAMES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ImportFrom) and node.module in NAMES:
                passed_over = {alias.name for alias in node.names} & behind_a_face(name, node.module)
                assert not passed_over, f"{name} imports {sorted(passed_over)} from {node.module}"


def test_what_a_face_has_is_not_taken_out_of_an_imported_module() -> None:
    past = [f"{name} uses {module}.{attribute}" for name in NAMES for module, attribute in past_a_face(name)]
    assert not past, "\n".join(past)


def past_a_face(name: str) -> Iterator[tuple[str, str]]:
    """Module and attribute, wherever an attribute of an imported module is one that the face before it has."""
    modules = imported_modules(name)
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Attribute):
            module = modules.get(ast.unparse(node.value))
            if module and node.attr in behind_a_face(name, module):
                yield module, node.attr


def imported_modules(name: str) -> dict[str, str]:
    """What a module calls the modules that it imports as such, and their full names."""
    found = {}
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in NAMES}
        elif isinstance(node, ast.ImportFrom):
            inner = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {called: one for called, one in inner.items() if one in NAMES}
    return found


def behind_a_face(name: str, module: str) -> set[str]:
    """What the face before a module has of it; empty where the face is not before the importing module."""
    package = package_of(module)
    if package == module or name == package or name.startswith(f"{package}."):
        return set()
    return {one for one, source in faces()[package].items() if source == module}


def test_the_analysis_knows_of_the_sweep_only_its_data() -> None:
    for name in NAMES:
        if name.startswith("analysis") and not name.startswith(ENTRY_POINT):
            used = {one.split(".")[1] for one in imported(name) if one.startswith("sweep.")}
            assert used <= SEEN_BY_ANALYSIS, name


def test_the_analysis_knows_of_the_mirror_only_how_to_speak_with_mlflow() -> None:
    for name in NAMES:
        if name.startswith("analysis"):
            used = {one for one in sources(name) if one.startswith("sweep.tracking")}
            assert used <= {"sweep.tracking.settings", "sweep.tracking.problems"}, name


def test_only_the_store_reaches_into_its_objects() -> None:
    for name in NAMES:
        if package_of(name) != "sweep.store":
            reached = [
                node for node in ast.walk(tree(name)) if isinstance(node, ast.Attribute) and node.attr == "objects"
            ]
            assert not reached, name


def test_mlflow_has_one_module_in_each_package() -> None:
    users = {name for name in NAMES if "mlflow" in {one.partition(".")[0] for one in imported(name)}}
    assert users == {"sweep.tracking.mirror", "analysis.tables.mlflow_access"}


def test_modules_are_short_and_packages_small() -> None:
    for name, path in NAMES.items():
        assert len(path.read_text().splitlines()) <= LONGEST_MODULE, name
        if path.name == "__init__.py" and name not in REGISTRIES:
            assert len([one for one in path.parent.glob("*.py") if one != path]) <= MOST_MODULES, name


def test_private_names_of_other_libraries_stand_in_their_own_module() -> None:
    for name in NAMES:
        for one in imported(name):
            library, *inner = one.split(".")
            if library not in PACKAGES and any(part.startswith("_") and not part.startswith("__") for part in inner):
                assert name in PRIVATE_API.get(library, ()), f"{name} imports {one}"


def test_private_attributes_are_those_of_objects_of_the_same_module() -> None:
    allowed = set().union(*PRIVATE_API.values())
    for name in NAMES:
        strange = private_attributes(name)
        assert not strange or name in allowed, f"{name} uses {sorted(strange)}"


def test_each_module_with_private_names_of_a_library_needs_to_be_one() -> None:
    for name in set().union(*PRIVATE_API.values()):
        private = {one for one in imported(name) if any(part.startswith("_") for part in one.split("."))}
        assert private | private_attributes(name), name


def private_attributes(name: str) -> set[str]:
    """Attributes `x._y`, also by `getattr`, where x is neither self nor cls and the module defines no `_y` itself."""
    used, own = set(), set(DOCUMENTED)
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls", "super()"):
            used.add(node.attr)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr"):
            used |= {one.value for one in node.args[1:2] if isinstance(one, ast.Constant)}
    return {attribute for attribute in used - own if attribute.startswith("_") and not attribute.startswith("__")}


def test_tests_and_benchmarks_take_from_a_face_what_it_has() -> None:
    for folder in ("tests", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module in NAMES:
                    known = {alias.name for alias in node.names} & behind_a_face(str(path), node.module)
                    assert not known, f"{path} takes {sorted(known)} from {node.module}"


def test_every_package_says_what_it_covers() -> None:
    for name, path in NAMES.items():
        if path.name == "__init__.py":
            assert ast.get_docstring(tree(name)), name


def test_help_loads_nothing_heavy() -> None:
    subprocess.run(program("help_imports"), check=True, capture_output=True)


def test_tracking_is_imported_without_mlflow_and_sweep_without_ray() -> None:
    assert imported_with("sweep", "sweep.tracking", "sweep.cluster", of={"ray", "mlflow"}) == set()
