"""LEAF. The identity of the code that computes the numbers: a hash of what the files of this package say."""

import ast
import functools
import hashlib
from pathlib import Path

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def code_sha256(root: Path = Path(__file__).parents[1]) -> str:
    """SHA-256 of every file of the package, by name. Comments, docstrings and layout of Python code do not count.

    It tells an installed package from another as well as two states of a checkout, committed or not.
    """
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            said = _essence(path)
            digest.update(f"{path.relative_to(root).as_posix()} {len(said)}\n".encode() + said)
    return digest.hexdigest()


def _essence(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != ".py":
        return content
    tree = ast.parse(content)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree).encode()
