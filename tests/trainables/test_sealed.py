"""A sealed object comes back whole or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.format.sealed import DamagedObject, seal, unseal
from trainables.format.versions import MIGRATIONS, OtherVersion

HEAD = {"config": "{}", "epoch": 3}
PARTS = {"history": b"0123", "variables": b"\x00\n\xff", "empty": b""}
SMALL = seal("snapshot", 1, HEAD, {name: PARTS[name] for name in sorted(PARTS)})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    kind=st.from_regex(r"[a-z]{1,12}", fullmatch=True),
    version=st.integers(0, 10**6),
    head=st.dictionaries(st.text(), json_values, max_size=4),
    parts=st.dictionaries(st.text(), st.binary(max_size=40), max_size=5),
)
def test_what_was_sealed_comes_back(kind: str, version: int, head: dict, parts: dict[str, bytes]) -> None:
    assert unseal(kind, version, seal(kind, version, head, parts)) == (head, parts)


def test_parts_come_back_under_their_own_names_in_whatever_order_they_were_given() -> None:
    for names in (sorted(PARTS), sorted(PARTS, reverse=True)):
        parts = {name: PARTS[name] for name in names}
        assert unseal("snapshot", 1, seal("snapshot", 1, HEAD, parts))[1] == PARTS


def test_equal_objects_have_equal_bytes() -> None:
    assert seal("a", 1, {"x": 1, "y": 2}, {"p": b"1"}) == seal("a", 1, {"y": 2, "x": 1}, {"p": b"1"})


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_any_altered_byte_is_seen(mask: int) -> None:
    for position in range(len(SMALL)):
        damaged = bytearray(SMALL)
        damaged[position] ^= mask
        with pytest.raises(DamagedObject):
            unseal("snapshot", 1, bytes(damaged))


def test_any_truncation_is_seen() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(DamagedObject):
            unseal("snapshot", 1, SMALL[:length])


@pytest.mark.parametrize("more", [b"\x00", b"\n", SMALL])
def test_anything_appended_or_put_before_is_seen(more: bytes) -> None:
    for damaged in (SMALL + more, more + SMALL):
        with pytest.raises(DamagedObject):
            unseal("snapshot", 1, damaged)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DamagedObject):
        unseal("snapshot", 1, data)


@pytest.mark.parametrize("kind", ["result", "snapshot 1", "snap"])
def test_another_kind_is_damage(kind: str) -> None:
    assert unseal("snapshot", 1, SMALL)[0] == HEAD
    with pytest.raises(DamagedObject, match=f"not an intact {kind}: "):
        unseal(kind, 1, SMALL)


@pytest.mark.parametrize(("written", "known"), [(2, 1), (1, 0), (1, 2), (12, 1)])
def test_another_version_is_refused_with_both_named_and_is_no_damage(written: int, known: int) -> None:
    with pytest.raises(OtherVersion, match=f"snapshot of record version {written}; this program reads version {known}"):
        unseal("snapshot", known, seal("snapshot", written, HEAD, PARTS))


def test_an_older_version_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MIGRATIONS, ("snapshot", 1), lambda head, parts: (head | {"first": True}, parts))
    monkeypatch.setitem(MIGRATIONS, ("snapshot", 2), lambda head, parts: (head | {"second": "first" in head}, {}))
    assert unseal("snapshot", 3, SMALL) == (HEAD | {"first": True, "second": True}, {})
    assert unseal("snapshot", 1, SMALL) == (HEAD, PARTS)


@pytest.mark.parametrize(("written", "said"), [(1, 2), (1, 0), (2, 1), (2, 3)])
def test_a_version_altered_is_damage(written: int, said: int) -> None:
    altered = seal("snapshot", written, HEAD, PARTS).replace(f" {written} ".encode(), f" {said} ".encode(), 1)
    with pytest.raises(DamagedObject):
        unseal("snapshot", written, altered)
