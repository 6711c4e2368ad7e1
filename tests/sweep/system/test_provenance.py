"""Provenance: the checkout, its changes, and what the numbers depend on."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from sweep.store import Store
from sweep.system import provenance
from trainables.config import TrialConfig
from trainables.identity.components import identities, names


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, in which this package seems to lie."""
    root = tmp_path / "checkout"
    (root / "sweep").mkdir(parents=True)
    (root / "README.md").write_text("one\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        identity = ["-c", "user.name=me", "-c", "user.email=me@here"]
        subprocess.run(["git", *identity, *command], cwd=root, check=True)
    monkeypatch.setattr(provenance, "__file__", str(root / "sweep" / "system" / "provenance.py"))
    return root


def test_a_clean_checkout_has_a_commit_and_no_changes(checkout: Path) -> None:
    found = provenance.code()
    assert len(found["git_commit"]) == 40
    assert (found["git_dirty"], found["git_diff_sha256"]) == (False, None)
    assert len(found["code_sha256"]) == 64


def test_changes_have_a_checksum_and_are_kept_once_in_the_store(checkout: Path, tmp_path: Path) -> None:
    (checkout / "README.md").write_text("two\n")
    found, store = provenance.code(), Store(tmp_path / "runs")
    assert found["git_dirty"] is True
    for _ in range(2):
        store.save_diff(provenance.diff())
    kept = store.objects.read(store.diff_name(found["git_diff_sha256"])) or b""
    assert hashlib.sha256(kept).hexdigest() == found["git_diff_sha256"]
    assert b"-one\n+two" in kept


def test_without_a_checkout_the_code_still_has_its_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "sweep" / "system" / "provenance.py"))
    found = provenance.code()
    assert (found["git_commit"], found["git_dirty"], found["git_diff_sha256"]) == (None, None, None)
    assert len(found["code_sha256"]) == 64


def test_the_identity_holds_what_may_move_a_number_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    found = provenance.identity(provenance.current())
    assert {"backend", "keras", "numpy", "scipy", "numba", "jax", "jaxlib"} | identities().keys() <= found.keys()
    assert not {"tensorflow", "ray", "mlflow", "trainables"} & found.keys()
    assert found["backend"] == "jax"


def test_code_of_which_only_a_checksum_is_known_is_one_part() -> None:
    found = provenance.identity(provenance.current() | {"components": None, "code_sha256": "a" * 64})
    assert found["trainables"] == "a" * 12
    assert not identities().keys() & found.keys()


def test_a_submission_names_the_components_of_its_points_alone() -> None:
    point = TrialConfig(architecture="resnet")
    named = provenance.code_versions([point]).keys()
    assert identities().keys() & named == set(names(point))
    assert provenance.code_versions().keys() >= identities().keys()


def test_components_that_give_equal_numbers_do_not_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = {"training": "a", "ray": "1"}, {"training": "b", "ray": "2", "numpy": "2"}
    assert provenance.differences(theirs, ours) == "training a -> b, ray 1 -> 2"
    monkeypatch.setattr("trainables.identity.components.EQUAL_NUMBERS", {"training": ["a", "b"]})
    assert provenance.differences(theirs, ours) == "ray 1 -> 2"
