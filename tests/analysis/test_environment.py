"""What the report says of the code and the machines behind the points of a sweep."""

from typing import Any

from analysis.report.environment import settings
from trainables.config import TrialConfig
from trainables.identity.equal_code import BEFORE_COMPONENTS, FIRST

MLP, RESNET = TrialConfig(architecture="mlp"), TrialConfig(architecture="resnet")


def provenance(point: TrialConfig, training: str = "t1") -> dict[str, Any]:
    own = {f"architecture {point.architecture}": f"{point.architecture}1"}
    named = own | {"training": training, "estimator ksg": "k1"}
    return {"code_sha256": "0123456789abcdef", "components": named, "host": "here", "packages": {"numpy": "2"}}


def test_each_component_of_the_code_is_a_row_after_the_code_as_a_whole() -> None:
    found = settings([(MLP, provenance(MLP)), (RESNET, provenance(RESNET)), (MLP, provenance(MLP, training="t2"))])
    assert list(found.items()) == [
        ("trainables", [("0123456789ab", 3)]),
        ("code of architecture mlp", [("mlp1", 2)]),
        ("code of architecture resnet", [("resnet1", 1)]),
        ("code of activation tanh", [(FIRST["activation tanh"], 3)]),
        ("code of training", [("t1", 2), ("t2", 1)]),
        ("code of estimator ksg", [("k1", 3)]),
        ("host", [("here", 3)]),
        ("numpy", [("2", 3)]),
    ]


def test_a_point_has_the_components_that_it_uses_whatever_its_provenance_names() -> None:
    (checksum,) = BEFORE_COMPONENTS
    found = settings([(MLP, {"code_sha256": checksum}), (MLP, {"components": dict(FIRST)}), (MLP, {"host": "here"})])
    assert {label for label in found if label.startswith("code of")} == {
        *("code of data set digits", "code of architecture mlp", "code of initializer glorot_normal"),
        *("code of activation tanh", "code of optimizer rmsprop", "code of training", "code of estimator ksg"),
    }
    assert found["code of training"] == [(FIRST["training"], 2)]


def test_nothing_is_said_where_nothing_is_recorded() -> None:
    assert settings([(MLP, {})]) == {}
