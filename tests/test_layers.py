"""The one-way rule of imports, and what the command line may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "trainables": {"ray", "mlflow", "sweep", "analysis", "matplotlib"},
    "analysis": {"ray", "tensorflow", "keras", "jax"},
    "sweep": {"matplotlib"},
}


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    for path in modules(package):
        roots = {name.partition(".")[0] for name in imports(path)}
        assert not roots & FORBIDDEN[package], path


def test_mlflow_has_one_module_in_each_package() -> None:
    users = {path.name for package in ("sweep", "analysis") for path in modules(package) if "mlflow" in imports(path)}
    assert users == {"mirror.py", "mlflow_access.py"}


def test_the_analysis_knows_of_the_sweep_only_its_data_and_its_command_line_conventions() -> None:
    data, conventions = ("sweep.spec", "sweep.store"), ("sweep.cli", "sweep.commands", "sweep.console", "sweep.errors")
    allowed = (*data, *conventions, "sweep.tracking.settings")
    for path in modules("analysis"):
        used = {name for name in imports(path) if name.startswith("sweep.")}
        assert not [name for name in used if not f"{name}.".startswith(tuple(f"{one}." for one in allowed))], path


def test_only_the_store_reaches_into_its_objects() -> None:
    for path in [*modules("sweep"), *modules("analysis")]:
        if path.parent != ROOT / "sweep" / "store":
            reached = [node for node in ast.walk(ast.parse(path.read_text())) if is_attribute(node, "objects")]
            assert not reached, path


def is_attribute(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['sweep', '--help']\n"
        "from analysis.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'ray', 'tensorflow', 'mlflow', 'matplotlib', 'keras', 'jax', 'numba'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
