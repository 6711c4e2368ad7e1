"""Whatever stands in a spec or in place of an object is a result or one clear error, for the thing concerned alone."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sweep.errors import SweepError
from sweep.store import Attempt, Lease, State, StopRequest, Store, holder, load, request_stop, stop_requested
from sweep.store.encoding import attempt_from_bytes, attempt_to_bytes, json_to_bytes
from sweep.store.index import read_index, write_index
from sweep.store.store import Entry
from tests.commands import Command
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject, seal
from trainables.records import RECORD_VERSION, Failure, PointResult, history_to_arrow
from trainables.snapshots import Snapshot

Result = Callable[[TrialConfig], PointResult]

POINT = TrialConfig(dataset="digits", width=4, depth=2, epochs=3)
BOMB = b"[" * 100_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def flips(data: bytes, most: int = 30_000) -> list[bytes]:
    """The data with one bit flipped: every bit, or evenly spread ones of large data."""
    bits = range(0, 8 * len(data), 1 + 8 * len(data) // most)
    return [data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :] for bit in bits]


def test_no_flipped_bit_of_a_lease_names_a_driver_or_ends_a_command(store: Store) -> None:
    work = {"running": {POINT.point_id: 1}, "epochs_at_start": 0, "seconds": 1.0}
    name = store.lease_name("demo")
    with Lease(store, "demo", lambda: work) as lease:
        lease._beat()
        data = store.objects.read(name)
        assert holder(store, "demo")
    assert data
    for altered in [*flips(data), BOMB, b"{" * 50_000, b"null", b"[]", b'{"host": 1}', b""]:
        (store.root / name).write_bytes(altered)
        assert holder(store, "demo") is None, altered[:200]


def test_no_flipped_bit_of_a_request_to_stop_stops_a_driver(store: Store) -> None:
    (store.root / "sweeps/demo").mkdir(parents=True)
    request_stop(store, "demo", "this session", now=False)
    path = store.root / store.stop_name("demo")
    data = path.read_bytes()
    assert isinstance(stop_requested(store, "demo", "this session"), StopRequest)
    for altered in [*flips(data), BOMB, b"1"]:
        path.write_bytes(altered)
        assert stop_requested(store, "demo", "this session") is None, altered


def test_no_flipped_bit_of_an_attempt_is_read() -> None:
    data = attempt_to_bytes(Attempt(1, "now", "here", 0, {"components": {"training": "0"}, "run": "1"}))
    for altered in [*flips(data), BOMB, b"{}", b"null"]:
        with pytest.raises(DamagedObject):
            attempt_from_bytes(altered)


def test_an_attempt_from_which_the_checksum_was_taken_is_damage_and_one_of_before_there_were_any_is_read() -> None:
    fields = json.loads(attempt_to_bytes(Attempt(1, "now", "here", 0, {"components": {"training": "0"}})))
    del fields["sha256"]
    with pytest.raises(DamagedObject, match="its checksum is missing"):
        attempt_from_bytes(json.dumps(fields).encode())
    fields["provenance"] = {"git_commit": "0"}
    assert attempt_from_bytes(json.dumps(fields).encode()).number == 1


def test_no_flipped_bit_of_the_index_is_read(store: Store, result: Result) -> None:
    store.commit_result(POINT, result(POINT))
    store.save_attempt(POINT.point_id, Attempt(1, "now", "here", 0, {"run": "1"}, failure=Failure("infra", "no")))
    state = store.state(POINT).brief()
    write_index(store.objects, {POINT.point_id: Entry("mark", state)})
    data = store.objects.read("index")
    assert data
    assert read_index(store.objects) == {POINT.point_id: Entry("mark", state)}
    for altered in [*flips(data, 3000), BOMB, b""]:
        (store.root / "index").write_bytes(altered)
        assert read_index(store.objects) == {}


def test_a_sealed_snapshot_without_history_or_of_another_epoch_is_damage(
    history: Callable[[TrialConfig, int], tuple],
) -> None:
    good = Snapshot(POINT, history(POINT, 2), ()).to_bytes()
    assert Snapshot.from_bytes(good, POINT).epoch == 2
    head = {"config": POINT.canonical(), "epoch": 2}
    parts = {"history": history_to_arrow(()), "variables": b""}
    for wrong in (
        seal("snapshot", RECORD_VERSION, head, parts),
        seal("snapshot", RECORD_VERSION, head, {}),
        seal("snapshot", RECORD_VERSION, {}, parts),
        seal("snapshot", RECORD_VERSION, head | {"epoch": 1}, parts | {"history": history_to_arrow(history(POINT, 2))}),
    ):
        with pytest.raises(DamagedObject):
            Snapshot.from_bytes(wrong, POINT)


def test_stray_names_and_folders_in_the_place_of_objects_concern_their_point_alone(
    store: Store, run_here: Command, result: Result
) -> None:
    spec = load("demo", ["grid.seed=[0]", "grid.width=[8]", "fixed.frozen=false"])
    store.save_spec("demo", spec.to_yaml())
    first, second, *_ = spec.points
    store.commit_result(second, result(second))
    folder = store.root / "points" / first.point_id
    for name in ("attempt-0001~", "attempt-foo", "snapshot-000000001.tmp"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("stray")
    (folder / "result").mkdir()
    (folder / "snapshot-000000002").mkdir()
    assert store.begin_attempt(first.point_id, Attempt(0, "now", "here", 0, {})).number == 1
    assert store.state(first).state is State.INTERRUPTED
    assert store.state(second).state is State.FINISHED
    for command in (["status", "demo"], ["plan", store.spec_address("demo")], ["show", "demo", first.point_id]):
        done = run_here(*command, "--store", str(store.root))
        assert done.returncode == 0, done.stderr
    assert sorted(store.quarantine(first)) == ["result", "snapshot-000000002"]
    store.commit_result(first, result(first))
    assert store.state(first).state is State.FINISHED


def test_a_good_result_is_not_moved_by_a_writer_that_found_a_damaged_one(store: Store, result: Result) -> None:
    store.commit_result(POINT, result(POINT))
    path = store.root / "points" / POINT.point_id / "result"
    good = path.read_bytes()
    path.write_bytes(b"damaged")
    late, exclusive = Store(store.root), store.objects.exclusive

    def while_another_mends(folder: str) -> object:
        path.write_bytes(good)
        return exclusive(folder)

    late.objects.exclusive = while_another_mends  # type: ignore[method-assign,assignment]
    assert late.quarantine(POINT) == ["result"]
    assert path.read_bytes() == good
    assert [name.name for name in path.parent.iterdir()] == ["result"]


ESCAPES = "\x1b[31mred\x1b[0m\rforged\nline\x07"


def test_a_terminal_obeys_nothing_that_a_failure_or_a_host_says(store: Store, run_here: Command) -> None:
    spec = load("demo", ["grid.seed=[0]", "grid.width=[8]", "fixed.frozen=false"])
    store.save_spec("demo", spec.to_yaml())
    point = spec.points[0].point_id
    attempt = Attempt(0, "2026-01-02T03:04:05+00:00", ESCAPES, 0, {})
    begun = store.begin_attempt(point, attempt)
    store.save_attempt(point, replace(begun, failure=Failure("code", f"ValueError: {ESCAPES}", ESCAPES)))
    store.save_log(point, 1, ESCAPES.encode())
    for command in (["show", "demo", point], ["failures", "demo"], ["plan", store.spec_address("demo")]):
        done = run_here(*command, "--store", str(store.root))
        assert done.returncode == 0, done.stderr
        for text in (done.stdout, done.stderr):
            assert not set(text) & {"\x1b", "\r", "\x07"}, text
        assert "\nline" not in done.stdout
    kept = json.loads(run_here("failures", "demo", "--json", "--store", str(store.root)).stdout)
    assert kept["causes"][0]["message"] == f"ValueError: {ESCAPES}"


@pytest.mark.parametrize(
    "text",
    [
        f"grid: {{seed: [{', '.join(map(str, range(60_000)))}]}}",
        f"description: {'x' * 10_000_000}",
        "\n".join(f"key{number}: 1" for number in range(20_000)),
        "fixed:\n" + "\n".join(f"  key{number}: 1" for number in range(20_000)),
        "[" * 1200,
        "{a: " * 1200,
        f"grid: {{width: [{'9' * 5000}]}}",
        "grid: {seed: 0.." + "9" * 4300 + "}",
        "description: 2026-02-30\nname: [2026-02-30]",
        "fixed: {width: !!int abc, batch_norm: !!bool maybe}",
        "name: " + "x" * 100_000,
    ],
    ids=[
        "a long list",
        "a long text",
        "keys",
        "fields",
        "lists",
        "mappings",
        "digits",
        "nines",
        "dates",
        "tags",
        "name",
    ],
)
def test_a_spec_of_any_kind_is_answered_in_a_few_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(SweepError) as raised:
        load(str(path), ["fixed.width=0x_", "grid.seed=0.." + "9" * 4300])
    assert 0 < len(str(raised.value)) < 6000
    assert str(path) in str(raised.value) or "--set" in str(raised.value)


def test_a_path_of_300_letters_is_no_spec_file(run_here: Command) -> None:
    done = run_here("plan", "x" * 300 + ".yaml")
    assert done.returncode == 2
    assert "no such spec file" in done.stderr
    assert len(done.stderr) < 2000


def test_includes_that_include_the_next_twice_are_read_once_each(tmp_path: Path) -> None:
    for number in range(22):
        (tmp_path / f"{number}.yaml").write_text(f"include: [./{number + 1}.yaml, ./{number + 1}.yaml]\n")
    (tmp_path / "22.yaml").write_text("fixed: {dataset: digits}\n")
    with pytest.raises(SweepError, match=r"more than 1,000 blocks are included") as raised:
        load(str(tmp_path / "0.yaml"), [])
    assert len(str(raised.value)) < 6000


SPEC = (
    "name: mine\ndescription: A sweep.\nfixed: {dataset: digits, depth: 4, epochs: 20, learning_rate: 1e-3}\n"
    "grid:\n  architecture: [mlp, shortcut]\n  width: [10, 20]\n  seed: 0..1\n"
    "measure: {pairs: [first-merged], scales: [none, balanced], neighbors: 3, every: 2, samples: all}\n"
    "resources: {gpus: 1, cpus: 1}\n"
)
PIECES = ("[", "]", "{", "}", ":", "- ", "#", "'", '"', "|", ">", "&a", "*a", "!!int ", "\t", "\x00", "\x1b", "~", "0x")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data with a few pieces changed, doubled, cut or put in."""
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data) + 1), chance.randrange(12)
        middle = chance.choice([b"", data[at : at + length] * 2, bytes(chance.randbytes(length))])
        data = data[:at] + (middle or chance.choice(PIECES).encode()) + data[at + length :]
    return data


def refusal(path: Path) -> SweepError | None:
    """The one error with which a spec is refused; None for one that is read."""
    try:
        load(str(path), [])
    except SweepError as error:
        return error
    return None


@pytest.mark.parametrize("seed", range(4))
def test_mutated_specs_are_specs_or_one_error(tmp_path: Path, seed: int) -> None:
    chance, path = random.Random(seed), tmp_path / "spec.yaml"
    for _ in range(50):
        path.write_bytes(mutated(SPEC.encode(), chance))
        said = refusal(path)
        assert said is None or (said.exit_code == 2 and len(str(said)) < 6000), said


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_mutated_stores_are_read_as_what_is_intact(
    tmp_path: Path, result: Result, history: Callable[[TrialConfig, int], tuple], run_here: Command, seed: int
) -> None:
    chance, store = random.Random(seed), Store(tmp_path / "runs")
    spec = load("demo", ["grid.seed=[0]", "grid.width=[8]", "fixed.frozen=false"])
    for number in range(25):
        store.save_spec("demo", spec.to_yaml())
        for index, point in enumerate(spec.points):
            begun = store.begin_attempt(
                point.point_id, Attempt(0, "2026-01-02T03:04:05+00:00", "here", 0, {"run": "1"})
            )
            store.save_attempt(point.point_id, replace(begun, failure=Failure("code", "no") if index == 1 else None))
            store.commit_snapshot(Snapshot(point, history(point, 2), ()))
            if index == 0:
                store.commit_result(point, result(point))
        (store.root / store.lease_name("demo")).write_bytes(json_to_bytes({"host": "there"}))
        files = sorted(path for path in (store.root / "points").rglob("*") if path.is_file())
        for path in chance.sample([*files, store.root / store.lease_name("demo")], 3):
            path.write_bytes(mutated(path.read_bytes(), chance))
        states = [store.state(point) for point in spec.points]
        assert states[0].state in (State.FINISHED, State.INTERRUPTED, State.MISSING)
        if number % 12 == 0:
            for command in (["status", "demo"], ["failures", "demo"], ["claims", "demo"]):
                done = run_here(*command, "--store", str(store.root))
                assert done.returncode == 0, done.stderr
        for point in spec.points:
            store.quarantine(point)
            assert not store.damaged(point)
