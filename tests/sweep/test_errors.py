"""Errors carry what is wrong and what to do next, on every way to the user."""

import pickle

import pytest

from sweep import errors

FAMILY = [errors.SweepError, *errors.SweepError.__subclasses__()]


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_keeps_message_and_next_step_between_processes(kind: type[errors.SweepError]) -> None:
    error = pickle.loads(pickle.dumps(kind("no such spec", next="sweep presets")))
    assert (type(error), error.message, error.next) == (kind, "no such spec", "sweep presets")
    assert str(error) == "no such spec\n  next: sweep presets"


def test_an_error_without_a_next_step_is_its_message() -> None:
    assert str(errors.StorageFault("cannot be read")) == "cannot be read"


def test_every_exit_code_tells_one_kind_of_error() -> None:
    assert sorted(kind.exit_code for kind in FAMILY) == list(range(1, 8))
