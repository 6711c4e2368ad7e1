"""The checksum of a claim's definition: its text, and what decides its verdict, with the code of its functions."""

import ast
import functools
import hashlib
import json
from pathlib import Path

from analysis.claims.model import SIGNIFICANT, Claim
from analysis.claims.runs import NEAR_CEILING
from trainables.identity.definitions import Package, Piece, Symbol, pieces
from trainables.identity.digest import digest

ROOT = Path(__file__).parents[1]
DECIDING = ("curve", "effects", "groups", "is_measured")
"""The fields of a claim whose code counts. Of others the value does, or they decide no verdict."""

OF_RULES = "claims.model"
"""What a claim and an effect are is a matter of the rules, which have versions of their own."""

READ = frozenset({"Curve", "Run", "RunGroup"})
"""The classes whose members count where they are read: others of them can change, and new ones come."""


def checksum(claim: Claim, root: Path = ROOT) -> str:
    """16 hex digits over the definition, its effects with their margins, its measures, and the code of its functions.

    Of code docstrings, comments and layout do not count, nor where functions stand. root: the folder of the package.
    """
    effects = [
        [one.name, one.unit, one.expected, one.null, one.each, one.beyond, one.smallest_of_interest]
        for one in claim.effects
    ]
    kinds = [claim.half_chooses, claim.is_of_learning]
    said = [claim.name, " ".join(claim.definition.split()), effects, claim.measures, claim.other_measures, kinds]
    decides = [SIGNIFICANT, NEAR_CEILING, code(claim.name, root)]
    return hashlib.sha256(json.dumps([*said, *decides]).encode()).hexdigest()[:16]


def code(name: str, root: Path = ROOT) -> str:
    """The digest of what the deciding fields of the claim of that name reach."""
    claim, fields = _claims(root)[name]
    return digest(
        [claim],
        lambda symbol: pieces(_package(root), claim, fields) if symbol == claim else _pieces(root, symbol),
        lambda symbol: symbol.name if symbol.module == OF_RULES or symbol.name in READ else None,
    )


@functools.cache
def _package(root: Path) -> Package:
    return Package(root, ROOT.name, READ)


@functools.cache
def _pieces(root: Path, symbol: Symbol) -> list[Piece]:
    return pieces(_package(root), symbol, _package(root).statements(symbol))


@functools.cache
def _claims(root: Path) -> dict[str, tuple[Symbol, list[ast.expr]]]:
    """By name of the claim its definition, and what its deciding fields are set to."""
    found: dict[str, tuple[Symbol, list[ast.expr]]] = {}
    for symbol in _package(root).by_name["CLAIM"]:
        calls = [getattr(one, "value", None) for one in _package(root).statements(symbol)]
        for call in (one for one in calls if isinstance(one, ast.Call)):
            fields = {one.arg: one.value for one in call.keywords}
            name = ast.literal_eval(fields["name"])
            found[name] = symbol, [ast.Tuple([ast.Constant(of), fields[of]]) for of in DECIDING if of in fields]
    return found
