"""The identity of code by component: what decides the numbers of a point changes it, nothing else does."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from tests.code_edits import ADD_AN_ARCHITECTURE, Edit, edited_copy, move, rename, replace
from trainables.config import MeasureName, TrialConfig
from trainables.identity import components
from trainables.identity.components import COMPONENTS, ROOT, identities, names, recorded
from trainables.identity.definitions import Package, Symbol, pieces
from trainables.identity.equal_code import OF_LATER_KINDS


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    return dict(identities())


@pytest.fixture
def changed(tmp_path: Path, now: dict[str, str]) -> Callable[[Edit], set[str]]:
    """Edits a copy of the package; the components whose identity that changes."""

    def apply(edit: Edit) -> set[str]:
        found = identities(edited_copy(tmp_path, edit))
        assert found.keys() == now.keys()
        return {name for name, identity in found.items() if identity != now[name]}

    return apply


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edit, id=name)
        for name, edit in {
            "add an architecture": ADD_AN_ARCHITECTURE,
            "add an initializer": replace("initializers.py", '"gaussian": _g', '"x": _orthogonal, "gaussian": _g'),
            "add an activation": replace(
                "architectures/activations.py", '"relu": "relu",', '"relu": "relu", "x": "softplus",'
            ),
            "add a data set": replace("datasets.py", '"digits": _load', '"x": _load_mnist, "digits": _load'),
            "size of another data set": replace("config.py", '{"mnist": 10_000', '{"x": 1, "mnist": 10_000'),
            "move a module": move("networks/compiled_models.py", "compiled/models.py"),
            "move the module of a root": move("training.py", "fitting/training.py"),
            "move a registry": move("initializers.py", "starts.py"),
            "rename a function": rename("initial_kernels", "kernels_at_start"),
            "rename a constant": rename("SUBSET_SEED", "SEED_OF_SUBSET"),
            "rename across modules": rename("with_shortcut", "plus_shortcut"),
            "rename a class": rename("Spectrum", "Squares"),
            "rewrite a docstring": replace("training.py", "The state after the last record.", "Other words."),
            "add a comment": replace("datasets.py", "\n\ndef load(", "\n\n# A comment\ndef load("),
            "change an annotation": replace("initializers.py", "-> Build:", "-> object:"),
            "reword an error": replace("datasets.py", "not in Keras' cache", "not there"),
            "add a column": replace(
                "records.py", "    mi_ceiling_bits:", "    x: float | None = None\n    mi_ceiling_bits:"
            ),
            "add a field": replace("config.py", "    bias: bool =", "    x: int = 0\n    bias: bool ="),
            "add a function": replace(
                "networks/network.py", "\n\nclass Network", "\n\ndef x():\n    pass\n\n\nclass Network"
            ),
        }.items()
    ],
)
def test_what_decides_no_number_changes_no_identity(changed: Callable[[Edit], set[str]], edit: Edit) -> None:
    assert changed(edit) == set()


MEASURES = {f"measure {name}" for name in get_args(MeasureName)}
ESTIMATORS = {"estimator ksg", "estimator ksg2", "estimator npeet"}


@pytest.mark.parametrize(
    ("edit", "those"),
    [
        (
            replace("initializers.py", '_variance_scaling(1.0, "fan_avg")', '_variance_scaling(1.1, "fan_avg")'),
            {"initializer glorot_normal"},
        ),
        (
            replace("architectures/resnet.py", "% 2 == 1", "% 2 == 0"),
            {"architecture resnet", "architecture shortcut_resnet"},
        ),
        (replace("config.py", 'frozenset({"shortcut", ', "frozenset({"), {"architecture shortcut"}),
        (replace("datasets.py", "[::5]", "[::4]"), {"data set digits"}),
        (replace("architectures/activations.py", "approximate=False", "approximate=True"), {"activation gelu"}),
        (replace("networks/network.py", "keras.optimizers.SGD,", "keras.optimizers.Adam,"), {"optimizer sgd"}),
        (replace("networks/network.py", "from_logits=True", "from_logits=False"), {"training"}),
        (replace("device.py", '"TF_NUM_INTEROP_THREADS"] = "1"', '"TF_NUM_INTEROP_THREADS"] = "2"'), {"training"}),
        (replace("measurement/subset.py", "SUBSET_SEED = 0", "SUBSET_SEED = 1"), ESTIMATORS | MEASURES),
        (replace("information/measures/binned.py", "BINS = 30", "BINS = 31"), MEASURES),
        (replace("config.py", "return epoch % self.every == 0", "return epoch % self.every == 1"), ESTIMATORS),
        (replace("networks/jacobian.py", "IMAGES = 10", "IMAGES = 9"), ESTIMATORS),
    ],
)
def test_what_decides_numbers_changes_the_components_concerned(
    changed: Callable[[Edit], set[str]], edit: Edit, those: set[str]
) -> None:
    assert changed(edit) == those


def test_every_kind_of_component_is_one_that_a_point_uses() -> None:
    assert names(TrialConfig()) == (
        *("data set digits", "architecture mlp", "initializer glorot_normal", "activation tanh", "optimizer rmsprop"),
        *("training", "estimator ksg"),
    )
    assert set(names(TrialConfig())) <= identities().keys()
    assert all(re.fullmatch("[0-9a-f]{16}", identity) for identity in identities().values())


def test_a_provenance_from_before_a_kind_of_component_names_it_as_it_was_then() -> None:
    before = {"training": "a", "architecture mlp": "b"}
    assert recorded({"components": before}) == before | OF_LATER_KINDS
    assert recorded({"components": before | {"activation tanh": "c"}})["activation tanh"] == "c"
    assert recorded({"code_sha256": "unknown"}) == {}


def test_a_root_that_is_not_there_or_there_twice_is_an_error() -> None:
    package = Package(ROOT, "trainables")
    for name in ("Nothing", "Training.nothing", "SAMPLED_ROWS"):
        with pytest.raises(LookupError, match=name):
            package.named(name)
    assert [package.named(root) for kind in COMPONENTS.values() for root in kind.roots]


def write(root: Path, **modules: str) -> Package:
    for name, text in modules.items():
        (root / f"{name}.py").write_text(text)
    return Package(root, "p")


def test_references_are_followed_through_imports_and_names_of_functions_alone_are_not(tmp_path: Path) -> None:
    package = write(
        tmp_path,
        __init__="",
        a="import numpy as np\nfrom p import b\nfrom p.b import two as zwei\n\n\ndef f(b_, one=zwei):\n"
        "    def inner(zwei):\n        return zwei\n    return np.sum(b.one) + zwei + inner(b_)\n",
        b="one = 1\ntwo: int = 2\n",
    )
    found = pieces(package, Symbol("a", "f"), package.statements(Symbol("a", "f")))
    assert [piece for piece in found if isinstance(piece, Symbol)] == [
        Symbol("b", "two"),
        Symbol("b", "one"),
        Symbol("b", "two"),
    ]
    assert any("<numpy.sum>" in piece for piece in found if isinstance(piece, str))


def test_definitions_that_refer_to_each_other_have_an_identity(tmp_path: Path) -> None:
    package = write(tmp_path, __init__="", a="def f(n):\n    return g(n)\n\n\ndef g(n):\n    return f(n) + g(n)\n")
    for name in ("f", "g"):
        found = pieces(package, Symbol("a", name), package.statements(Symbol("a", name)))
        assert any(isinstance(piece, Symbol) for piece in found)


def test_identities_that_are_known_to_give_equal_numbers_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "EQUAL_NUMBERS", {"training": ["a", "b"]})
    assert components.are_equal("training", "a", "b")
    assert components.are_equal("training", "c", "c")
    assert not components.are_equal("training", "a", "c")
    assert not components.are_equal("estimator ksg", "a", "b")
