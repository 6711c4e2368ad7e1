"""The identity of the code by component: what decides the numbers of a point, and nothing else.

A component is what its root definitions reach. Its identity is a digest of these definitions in the order in which they
are reached, so that moving, renaming and documenting them changes nothing. Of a table keyed by the names of components,
such as `ARCHITECTURES`, only the entry concerned is reached, so that adding one changes nothing for the others. What
config, records and snapshots say is values and their form: their versions and the ids of points tell of these.
"""

import ast
import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

from trainables import config as configuration
from trainables.config import TrialConfig
from trainables.identity.definitions import Package, Piece, Symbol, pieces
from trainables.identity.digest import digest
from trainables.identity.equal_code import BEFORE_COMPONENTS, EQUAL_NUMBERS, OF_LATER_KINDS

ROOT = Path(__file__).parents[1]
NOT_FOLLOWED = frozenset({"config", "records", "snapshots", "sealed", "versions", "source", "wording"})
"""Modules, wherever they lie, that decide no number but for the roots in them: of what they define the name counts."""


@dataclass(frozen=True)
class ComponentKind:
    """A kind of component: its root definitions, and the field of the config whose every value has one of its own.

    A field of several values names as many components, one without any none.
    """

    roots: tuple[str, ...]
    field: str | None = None
    choices: tuple[str, ...] = ("",)


COMPONENTS = {
    "data set": ComponentKind(("LOADERS", "VALIDATION_IMAGES"), "dataset", get_args(configuration.DatasetName)),
    "architecture": ComponentKind(
        ("ARCHITECTURES", "WITH_SHORTCUT"), "architecture", get_args(configuration.Architecture)
    ),
    "initializer": ComponentKind(("INITIALIZERS",), "initializer", get_args(configuration.Initializer)),
    "activation": ComponentKind(("ACTIVATIONS",), "activation", get_args(configuration.Activation)),
    "optimizer": ComponentKind(("OPTIMIZERS",), "optimizer", get_args(configuration.Optimizer)),
    "training": ComponentKind(("Training", "pin")),
    "estimator": ComponentKind(
        ("Probe", "Isometry", "Measurement.is_due"), "measure.estimator", get_args(configuration.Estimator)
    ),
    "measure": ComponentKind(
        ("MoreMeasures", "of_jacobians", "of_gradients", "GradientNoise"),
        "measure.measures",
        get_args(configuration.MeasureName),
    ),
}


def names(config: TrialConfig) -> tuple[str, ...]:
    """The components that decide the numbers of a point: `architecture mlp`, `training`, ..."""
    return tuple(name for of_kind in by_kind(config).values() for name in of_kind)


def by_kind(config: TrialConfig) -> dict[str, tuple[str, ...]]:
    """The same by their kind; there may be none of a kind, or several."""
    found = {}
    for name, kind in COMPONENTS.items():
        chosen = attrgetter(kind.field)(config) if kind.field else ""
        values = chosen if isinstance(chosen, tuple) else (chosen,)
        found[name] = tuple(f"{name} {one}".rstrip() for one in values)
    return found


OF_MEASUREMENT = ("estimator", "measure")
"""Kinds of components that decide what is measured of a training, and none of its states."""


def of_training(config: TrialConfig, identities: Mapping[str, str]) -> dict[str, str]:
    """Of these identities those of the components that decide the states of a point's network."""
    kinds = by_kind(config).items()
    return {name: identities[name] for kind, names in kinds if kind not in OF_MEASUREMENT for name in names}


def all_equal(then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether these are the same components, each of code that gives equal numbers."""
    return then.keys() == now.keys() and all(are_equal(name, then[name], now[name]) for name in then)


@functools.cache
def identities(root: Path = ROOT) -> Mapping[str, str]:
    """The identity of every component by its name: 16 hex digits."""
    package = _Package(root)
    found = {}
    for name, kind in COMPONENTS.items():
        for choice in kind.choices:
            found[f"{name} {choice}".rstrip()] = package.identity(name, choice)
    return found


def recorded(provenance: Mapping[str, Any]) -> Mapping[str, str]:
    """The identities of components that a provenance names; empty where it names none and its code is not known.

    Before there were components a provenance had a checksum of the whole package. What was part of another component
    before it became one of its own is named as it was then.
    """
    if components := provenance.get("components"):
        return {**OF_LATER_KINDS, **components}
    return BEFORE_COMPONENTS.get(str(provenance.get("code_sha256")), {})


def are_equal(name: str, one: str, other: str) -> bool:
    """Whether two identities of a component are those of code that gives equal numbers."""
    return one == other or {one, other} <= set(EQUAL_NUMBERS.get(name, ()))


class _Package:
    """The definitions of a package, written once."""

    def __init__(self, root: Path) -> None:
        self._package = Package(root, ROOT.name)
        self._roots = {self._package.named(root): name for name, kind in COMPONENTS.items() for root in kind.roots}
        self._written: dict[Symbol, list[Piece]] = {}

    def identity(self, name: str, choice: str) -> str:
        """The digest of what the roots of that kind reach."""
        kind = COMPONENTS[name]
        return digest(
            map(self._package.named, kind.roots),
            lambda symbol: self._pieces(symbol, kind.choices, choice),
            lambda symbol: None if self._is_followed(symbol, name) else self._roots.get(symbol, symbol.name),
        )

    def _is_followed(self, symbol: Symbol, name: str) -> bool:
        if symbol in self._roots:
            return self._roots[symbol] == name
        return symbol.module.rpartition(".")[2] not in NOT_FOLLOWED

    def _pieces(self, symbol: Symbol, choices: tuple[str, ...], choice: str) -> list[Piece]:
        statements = self._package.statements(symbol)
        if _keys(statements[0]) & set(choices):
            return pieces(self._package, symbol, [_only(choice, statements[0])])
        if symbol not in self._written:
            self._written[symbol] = pieces(self._package, symbol, statements)
        return self._written[symbol]


def _table(statement: ast.stmt) -> Any:
    """The literal that a name is bound to, also as the argument of a call, as in `frozenset({...})`."""
    value = getattr(statement, "value", None)
    return value.args[0] if isinstance(value, ast.Call) and len(value.args) == 1 else value


def _entries(statement: ast.stmt) -> list[Any]:
    table = _table(statement)
    return table.keys if isinstance(table, ast.Dict) else list(getattr(table, "elts", []))


def _keys(statement: ast.stmt) -> set[str]:
    found = (getattr(entry, "value", None) for entry in _entries(statement))
    return {value for value in found if isinstance(value, str)}


def _only(choice: str, statement: ast.stmt) -> ast.stmt:
    """The same table with the entry of that name alone."""
    statement = copy.deepcopy(statement)
    table = _table(statement)
    kept = [getattr(entry, "value", None) == choice for entry in _entries(statement)]
    for part in ("keys", "values") if isinstance(table, ast.Dict) else ("elts",):
        setattr(table, part, list(compress(getattr(table, part), kept)))
    return statement
