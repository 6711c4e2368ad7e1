"""Objects in a folder and in a bucket: whole, exclusive, and clear about what does not work."""

import os
import pickle
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sweep.errors import StorageFault
from sweep.storage import BucketAddress, Objects, at, bucket_client, check_writable, place_of
from sweep.storage.bucket import Bucket, bucket_at
from sweep.storage.claim_lock import ClaimLock
from sweep.storage.conditional_put import ConditionalPut
from sweep.timing import ClaimTiming
from tests.buckets import BUCKET, Server
from tests.processes import program

WRITERS = 8


@pytest.fixture(params=["folder", "bucket", "bucket without conditional PUTs"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "folder":
        return at(tmp_path / "store")
    server: Server = request.getfixturevalue("s3")
    address = place_of(server.address())
    assert isinstance(address, BucketAddress)
    if request.param == "bucket":
        return at(address)
    return without_conditions(address, ClaimTiming(settle_seconds=0.2, look_seconds=0.05))


def without_conditions(address: BucketAddress, timing: ClaimTiming) -> Bucket:
    bucket = Bucket(address)
    bucket.__dict__["_exclusive"] = ClaimLock(bucket, timing)
    return bucket


def test_what_was_written_is_read_whatever_its_size_and_name(objects: Objects) -> None:
    for name, data in {"a/b": b"data", "a/c.gz": b"", 'sw"ee=ps/ünï c/d': bytes(12 * 2**20), "top": b"x"}.items():
        assert objects.read(name) is None
        objects.write(name, data)
        assert objects.read(name) == data
        objects.write(name, b"new")
        assert objects.read(name) == b"new"
        assert objects.where(name).endswith(name)


def test_names_are_those_of_a_folder_sorted_without_hidden_ones(objects: Objects) -> None:
    for name in ("f/b", "f/a", "f/.hidden", "f/g/deep", "fa/other"):
        objects.write(name, b"1")
    assert objects.names("f") == ["a", "b", "g"]
    assert objects.names("nowhere") == []
    assert {"f", "fa"} <= set(objects.names(""))


def test_what_is_deleted_or_renamed_is_gone(objects: Objects) -> None:
    for name in ("f/a", "f/b"):
        objects.write(name, name.encode())
    objects.rename("f/a", "f/c")
    objects.delete("f/b")
    objects.delete("f/b")
    assert objects.names("f") == ["c"]
    assert objects.read("f/c") == b"f/a"
    with pytest.raises(StorageFault, match=r"cannot rename .*f/a"):
        objects.rename("f/a", "f/d")


def test_an_object_is_created_once_until_it_is_deleted(objects: Objects) -> None:
    assert objects.create("f/lease", b"first")
    assert not objects.create("f/lease", b"second")
    assert objects.read("f/lease") == b"first"
    assert objects.names("f") == ["lease"]
    objects.delete("f/lease")
    assert objects.create("f/lease", b"third")
    assert objects.create("f/lease-of-another-name", b"fourth")


def race(own: Callable[[], Objects], name: str, gap_seconds: float = 0.0) -> list[bytes]:
    """Many writers create the same object, one a little after the other; what those hold that were told they did."""
    won: list[bytes] = []
    together = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        objects, data = own(), f"writer {number}".encode()
        assert objects.create(f"ready/{number}", b"with its connections")
        together.wait()
        time.sleep(gap_seconds * number)
        if objects.create(name, data):
            won.append(data)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


@pytest.mark.parametrize("number", range(5))
def test_of_racing_writers_one_creates_the_object_and_it_is_that_ones(place: str, number: int) -> None:
    won = race(lambda: at(place_of(place)), f"race/{number}")
    assert len(won) == 1
    assert at(place_of(place)).read(f"race/{number}") == won[0]


@pytest.mark.slow
@pytest.mark.parametrize("gap_seconds", [0.0, 0.7])
def test_claims_let_one_of_racing_writers_win_whenever_it_comes(s3: Server, gap_seconds: float) -> None:
    """With their real waits, without which they guarantee nothing."""
    address = place_of(s3.address())
    assert isinstance(address, BucketAddress)
    won = race(lambda: without_conditions(address, ClaimTiming()), "late", gap_seconds)
    assert len(won) == 1
    assert Bucket(address).read("late") == won[0]
    assert [info.base_name for info in Bucket(address).listed("") if info.is_file] == ["late"]


@pytest.mark.slow
def test_the_claim_of_a_dead_writer_holds_others_up_for_a_while_only(s3: Server) -> None:
    timing = ClaimTiming(settle_seconds=0.1, look_seconds=0.05, stale_seconds=1.0)
    patient = replace(timing, stale_seconds=1000.0)
    address = place_of(s3.address())
    assert isinstance(address, BucketAddress)
    bucket = without_conditions(address, timing)
    ClaimLock(bucket, timing)._claim("f/a")
    time.sleep(1.1)
    assert bucket.create("f/a", b"data")
    assert [info.base_name for info in bucket.listed("f")] == ["a"]
    ClaimLock(bucket, timing)._claim("f/b")
    ClaimLock(bucket, timing)._claim("f/b")
    assert without_conditions(address, patient).clear_leftovers(["f", "nowhere"]) == 0
    time.sleep(2.1)  # the service shows whole seconds
    assert bucket.clear_leftovers(["f", "nowhere"]) == 2
    assert [info.base_name for info in bucket.listed("f")] == ["a"]


def test_a_service_that_ignores_conditions_is_found_out(s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = place_of(s3.address())
    assert isinstance(address, BucketAddress)
    assert isinstance(Bucket(address)._exclusive, ConditionalPut)
    monkeypatch.setattr(ConditionalPut, "_put", lambda *_: 200)
    assert isinstance(Bucket(address)._exclusive, ClaimLock)
    assert Bucket(address).listed("") == []


def test_a_creator_whose_first_answer_got_lost_is_told_that_it_did_it(s3: Server) -> None:
    bucket = bucket_at(place_of(s3.address()))
    assert bucket.create("lease", b"mine")
    assert bucket.create("lease", b"mine")
    assert not bucket.create("lease", b"another's")


def test_no_read_sees_parts_of_two_versions(s3: Server) -> None:
    bucket = bucket_at(place_of(s3.address()))
    versions = [bytes([number]) * (1 + 999 * number) for number in range(1, 8)]
    bucket.write("changing", versions[0])
    ended = threading.Event()

    def change() -> None:
        while not ended.is_set():
            for version in versions:
                bucket.write("changing", version)
                time.sleep(0.1)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(60):
            assert bucket.read("changing") in versions
    finally:
        ended.set()
        writer.join()


def test_marks_change_with_the_objects_and_only_with_theirs(s3: Server) -> None:
    bucket = bucket_at(place_of(s3.address()))
    assert bucket.marks("points") == {}
    bucket.write("points/a/x", b"1")
    bucket.write("points/b/x", b"1")
    before = bucket.marks("points")
    assert set(before) == {"a", "b"}
    bucket.write("points/a/x", b"12")
    after = bucket.marks("points")
    assert (after["a"] != before["a"], after["b"]) == (True, before["b"])


def test_a_bucket_travels_as_its_address_without_secrets(s3: Server) -> None:
    bucket = bucket_at(place_of(s3.address()))
    bucket.write("a", b"1")
    packed = pickle.dumps(bucket)
    assert b"test-secret" not in packed
    assert pickle.loads(packed).read("a") == b"1"


def test_the_endpoint_and_the_region_can_come_from_the_environment(s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    bucket = Bucket(BucketAddress("s3", BUCKET, "by-environment"))
    check_writable(bucket)
    assert bucket.create("a", b"1")
    assert Bucket(BucketAddress("s3", BUCKET, "")).read("by-environment/a") == b"1"


@pytest.mark.parametrize("act", ["read", "write", "create", "names"])
def test_a_bucket_that_is_not_there_is_a_fault_that_says_so(s3: Server, act: str) -> None:
    bucket = bucket_at(place_of(s3.address(bucket="nowhere-at-all")))
    acts = {"read": ("a",), "write": ("a", b"1"), "create": ("a", b"1"), "names": ("a",)}
    with pytest.raises(StorageFault, match=r"nowhere-at-all.*: there is no such bucket .*\n  next: create it"):
        getattr(bucket, act)(*acts[act])


@pytest.mark.slow
@pytest.mark.parametrize("act", ["read", "create"])
def test_a_service_that_does_not_answer_is_a_fault_within_seconds(act: str, s3: Server) -> None:
    del s3  # its environment is that of every client here
    bucket = bucket_at(place_of("s3://b/p?endpoint_override=127.0.0.1:9&scheme=http&region=us-east-1"))
    with pytest.raises(StorageFault, match=r"s3://b/p/.*: the service does not answer .*\n  next: check the network"):
        bucket.read("a") if act == "read" else bucket.create("a", b"1")


def test_without_credentials_the_fault_says_so(s3: Server, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = kept | {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    command = program("create_object", s3.address())
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "StorageFault: cannot write" in done.stderr
    assert "no credentials were found" in done.stderr
    assert "next: set AWS_ACCESS_KEY_ID" in done.stderr


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("AWS Error ACCESS_DENIED during HeadObject operation: No response body.", "access is denied"),
        ("AWS Error SIGNATURE_DOES_NOT_MATCH during PutObject operation", "the credentials are refused"),
        ("An error occurred (InvalidAccessKeyId) when calling the PutObject operation", "the credentials are refused"),
        ("AWS Error NO_SUCH_BUCKET during PutObject operation", "there is no such bucket"),
        ("curlCode: 28, Timeout was reached", "the service does not answer"),
        ("something new", "the service refuses"),
    ],
)
def test_what_clients_say_is_put_into_words(said: str, meaning: str) -> None:
    assert f"cannot read s3://b/a: {meaning} ({said})\n  next: " in str(bucket_client.fault("read", "s3://b/a", said))
