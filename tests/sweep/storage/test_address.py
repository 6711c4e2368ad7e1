"""Where a store is: a folder or a bucket, told from each other, and refused with what is allowed."""

from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.storage import absolute, place_of
from sweep.tracking.settings import default_tracking_uri


@pytest.mark.parametrize(
    "address",
    ["s3://AKIAX:verysecret@bucket/p", "s3://AKIAX@bucket/p", "gs://AKIAX:verysecret@b", "s3://AKIAX:very/secret@b/p"],
)
def test_an_address_with_credentials_is_refused_without_repeating_them(address: str) -> None:
    with pytest.raises(UsageError, match=r"carries credentials, .*\n  next: set AWS_ACCESS_KEY_ID") as raised:
        place_of(address)
    assert "AKIAX" not in str(raised.value)
    assert "secret@" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://host/p", "http://...: a store is a folder, or a bucket as in s3://BUCKET/PREFIX"),
        ("s3://", "'' is no name of a bucket"),
        ("s3://b/p?secret_key=x", "s3://b: unknown option 'secret_key': allowed are region, endpoint_override, scheme"),
    ],
)
def test_what_is_no_address_is_refused(address: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        place_of(address)
    assert said in str(raised.value)
    assert "\n  next: " in str(raised.value)


def test_addresses_are_told_from_paths_and_keep_their_form(tmp_path: Path) -> None:
    assert place_of("runs") == Path("runs")
    assert place_of(tmp_path) == tmp_path
    for text in ("s3://b", "s3://b/p/q", "gs://b/p", "s3://b/p?endpoint_override=h:9000&scheme=http"):
        assert str(place_of(text)) == str(absolute(text)) == text
    assert str(place_of("s3://b//p/")) == "s3://b/p"


def test_a_store_in_a_bucket_has_a_tracking_database_of_its_own_on_this_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    uris = {default_tracking_uri(f"s3://b/{prefix}") for prefix in ("p", "q", "p/q", "p-q")}
    assert len(uris) == 4
    assert all(uri.startswith(f"sqlite:///{tmp_path}/mi-sweep/b-") and uri.endswith("/mlflow.db") for uri in uris)
    assert default_tracking_uri("s3://b/p?region=x") == default_tracking_uri("s3://b/p")
