"""A marker is seen, and answered, by processes on the same store and by no others; afterwards nothing is left."""

from pathlib import Path

from sweep.store import SharedMarker, Store, shared_marker


def test_nodes_on_the_same_store_see_it_and_are_seen(tmp_path: Path) -> None:
    driver, elsewhere = Store(tmp_path / "runs"), Store(tmp_path / "other")
    with shared_marker(driver, "demo") as marker:
        near, far = SharedMarker(Store(driver.root), marker.name), SharedMarker(elsewhere, marker.name)
        assert near.is_visible
        assert not far.is_visible
        assert near.answer("a")
        assert far.answer("b")
        assert marker.is_answered("a")
        assert not marker.is_answered("b")
        marker.delete_answers(["a", "b"])
        assert not marker.is_answered("a")
    assert not near.is_visible
    assert driver.objects.names("sweeps/demo") == []
