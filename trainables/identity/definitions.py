"""LEAF. The top-level definitions of a package, each normalised and with the definitions that it refers to.

What decides no number is left out: docstrings, comments, layout, annotations, and the words of exceptions and
assertions. References are resolved through imports, so that neither the place nor the name of a definition is part of
the text of those that refer to it.
"""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NOT_WRITTEN = (ast.Import, ast.ImportFrom, ast.Pass)
LEFT_OUT = frozenset({"annotation", "returns", "ctx", "kind", "type_comment", "type_params", "type_ignores", "simple"})


class Symbol(NamedTuple):
    """A top-level definition: its module, relative to the package, and its name."""

    module: str
    name: str


class Foreign(NamedTuple):
    """A module, or something in one, that is not of the package."""

    path: str


class OwnModule(NamedTuple):
    """A module of the package."""

    name: str


Referent = Symbol | Foreign | OwnModule | None
Piece = str | Symbol
"""Of a definition: text, or a reference to another definition."""


@dataclass
class Module:
    """The definitions of a module by name, and for each name that an import binds its module and the name in it."""

    name: str
    is_package: bool
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)


class Package:
    """The modules of a package in a folder, parsed; nothing is imported.

    members_of: classes whose methods and fields are referred to by whatever reads an attribute of that name.
    """

    def __init__(self, root: Path, name: str, members_of: Collection[str] = ()) -> None:
        self.name, self._members_of = name, members_of
        self.modules = {
            module.name: module
            for module in (_module(name, path.relative_to(root), path.read_bytes()) for path in _files(root))
        }

    @cached_property
    def by_name(self) -> dict[str, list[Symbol]]:
        """The definitions of each name."""
        found: dict[str, list[Symbol]] = {}
        for module in self.modules.values():
            for name in module.definitions:
                found.setdefault(name, []).append(Symbol(module.name, name))
        return found

    @cached_property
    def members(self) -> dict[str, list[Symbol]]:
        """By name the methods, and the fields with a default, of the classes of `members_of`."""
        found: dict[str, list[Symbol]] = {}
        for owner in map(self.named, sorted(self._members_of)):
            body = [one for node in self.statements(owner) if isinstance(node, ast.ClassDef) for one in node.body]
            for name in {member for one in body if (member := _member(one))}:
                found.setdefault(name, []).append(Symbol(owner.module, f"{owner.name}.{name}"))
        return found

    def named(self, name: str) -> Symbol:
        """The one definition of that name, `Class.method` for a method, or a field with a default.

        Raises:
            LookupError: when there is none, or more than one.
        """
        candidates = [Symbol(one.module, name) for one in self.by_name.get(name.partition(".")[0], [])]
        found = [one for one in candidates if self.statements(one)]
        if len(found) != 1:
            raise LookupError(f"{self.name}: {len(found)} definitions of {name}, expected one")
        return found[0]

    def statements(self, symbol: Symbol) -> list[ast.stmt]:
        """The statements that define it."""
        owner, _, method = symbol.name.partition(".")
        found = self.modules[symbol.module].definitions[owner]
        if not method:
            return found
        bodies = [node.body for node in found if isinstance(node, ast.ClassDef)]
        return [node for body in bodies for node in body if _member(node) == method]

    def resolve(self, module: str, name: str) -> Referent:
        """What a global name in a module stands for; None for a builtin."""
        here = self.modules[module]
        if name in here.definitions:
            return Symbol(module, name)
        if name in here.imports:
            source, imported = here.imports[name]
            return self._imported(source, imported)
        if (inner := f"{module}.{name}".lstrip(".")) in self.modules and here.is_package:
            return OwnModule(inner)
        return None

    def _imported(self, source: str, name: str | None) -> Referent:
        if not (source == self.name or source.startswith(f"{self.name}.")):
            return Foreign(source if name is None else f"{source}.{name}")
        inner = source.removeprefix(self.name).lstrip(".")
        if name is None:
            return OwnModule(inner)
        if self.modules[inner].imports.get(name) == (source, name):  # a package that imports a module of its own
            return OwnModule(f"{inner}.{name}".lstrip("."))
        return self.resolve(inner, name) or Foreign(f"{source}.{name}")


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


@lru_cache(maxsize=1000)
def _module(package: str, path: Path, content: bytes) -> Module:
    """That of a file; files that copies of a package share are parsed once. It is read and never changed."""
    parts = path.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    module = Module(".".join(parts[:-1] if is_package else parts), is_package)
    tree = _Unannotated().visit(ast.parse(content))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                module.imports[bound] = (alias.name if alias.asname else bound, None)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, package, parts)
            module.imports.update({alias.asname or alias.name: (source, alias.name) for alias in node.names})
    for statement in _flat(tree.body):
        for name in _bound(statement):
            module.definitions.setdefault(name, []).append(statement)
    return module


class _Unannotated(ast.NodeTransformer):
    """Makes annotated assignments plain ones, but for the fields of a class."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.body = [one if isinstance(one, ast.AnnAssign) else self.visit(one) for one in node.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        return ast.Assign([node.target], node.value) if node.value else ast.Pass()


def _absolute(node: ast.ImportFrom, package: str, parts: tuple[str, ...]) -> str:
    if not node.level:
        return node.module or ""
    above = [package, *parts][: len(parts) + 1 - node.level]
    return ".".join([*above, *([node.module] if node.module else [])])


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those in branches too."""
    for node in body:
        if isinstance(node, ast.If | ast.Try | ast.With):
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                continue
            parts = [node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])]
            for part in [*parts, *(handler.body for handler in getattr(node, "handlers", []))]:
                yield from _flat(part)
        else:
            yield node


def _member(node: ast.stmt) -> str | None:
    """The name of the method, or of the field with a default, that a statement in a class defines."""
    if isinstance(node, ast.AnnAssign):
        return node.target.id if node.value and isinstance(node.target, ast.Name) else None
    return node.name if isinstance(node, FUNCTIONS) else None


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [
        name.id
        for target in targets
        if target is not None
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]


def pieces(package: Package, symbol: Symbol, nodes: Sequence[ast.AST]) -> list[Piece]:
    """The nodes, which define the symbol, as text and references; the name of the symbol itself is no part of it."""
    writer = _Writer(package, symbol, nodes)
    for node in nodes:
        writer.write(node, frozenset())
    return [
        piece
        for is_text, run in groupby(writer.out, key=lambda piece: isinstance(piece, str))
        for piece in (["".join(map(str, run))] if is_text else run)
    ]


class _Writer:
    """Writes nodes; `local` are the names that are local to the functions around a node."""

    def __init__(self, package: Package, symbol: Symbol, roots: Sequence[ast.AST]) -> None:
        self._package, self._symbol, self._roots = package, symbol, roots
        self.out: list[Piece] = []

    def write(self, node: Any, local: frozenset[str]) -> None:
        if isinstance(node, list):
            self.out.append("[")
            for one in node:
                self.write(one, local)
            self.out.append("]")
        elif isinstance(node, ast.AST):
            found = self._resolved(node, local)
            if isinstance(found, Symbol):
                self.out.append(found)
            elif isinstance(found, Foreign):
                self.out.append(f"<{found.path}>")
            elif not isinstance(node, NOT_WRITTEN) and not is_words(node):
                self._write_fields(node, local)
                if isinstance(node, ast.Attribute):
                    self.out += self._package.members.get(node.attr, ())
        else:
            self.out.append(f"{node!r} ")

    def _write_fields(self, node: ast.AST, local: frozenset[str]) -> None:
        inner = local | _bound_in(node)
        self.out.append(f"({type(node).__name__}")
        for name, value in ast.iter_fields(node):
            if value is None or value == [] or name in LEFT_OUT or self._is_own_name(node, name):
                continue
            if isinstance(node, ast.Raise | ast.Assert) and name in ("exc", "msg"):
                value = getattr(value, "func", value) if name == "exc" else []
            self.out.append(f" {name}=")
            self.write(value, local if name in ("decorator_list", "args") and isinstance(node, FUNCTIONS) else inner)
        self.out.append(")")

    def _is_own_name(self, node: ast.AST, name: str) -> bool:
        if name not in ("name", "target", "targets") or not any(node is root for root in self._roots):
            return False
        value = getattr(node, name)
        bound = [getattr(one, "id", one) for one in (value if isinstance(value, list) else [value])]
        return bound == [self._symbol.name.rpartition(".")[2]]

    def _resolved(self, node: ast.AST, local: frozenset[str]) -> Referent:
        if isinstance(node, ast.Name):
            is_free = isinstance(node.ctx, ast.Load) and node.id not in local
            return self._package.resolve(self._symbol.module, node.id) if is_free else None
        if isinstance(node, ast.Attribute):
            owner = self._resolved(node.value, local)
            if isinstance(owner, Foreign):
                return Foreign(f"{owner.path}.{node.attr}")
            if isinstance(owner, OwnModule):
                return self._package.resolve(owner.name, node.attr)
        return None


def is_words(node: ast.AST) -> bool:
    """Whether a statement is a text that nobody reads but people."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _bound_in(node: ast.AST) -> frozenset[str]:
    """The names that are local to a function or a comprehension; those of functions inside it are not."""
    if not isinstance(node, SCOPES):
        return frozenset()
    arguments = getattr(node, "args", None)
    found = {one.arg for one in ast.walk(arguments) if isinstance(one, ast.arg)} if arguments else set()
    inside = list(ast.iter_child_nodes(node))
    while inside:
        one = inside.pop()
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        elif isinstance(one, ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.FunctionDef) and one.name:
            found.add(one.name)
        elif isinstance(one, ast.Global):
            found -= set(one.names)
        if not isinstance(one, SCOPES):
            inside += ast.iter_child_nodes(one)
    return frozenset(found)
