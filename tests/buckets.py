"""Stores in folders and in buckets alike: an S3-compatible server, addresses in it, and all that lies in a store."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

from sweep.storage import BucketAddress
from sweep.storage.bucket import Bucket
from sweep.storage.bucket_client import endpoint
from sweep.store import Store

ROOT = Path(__file__).parents[1]
BUCKET = "sweeps"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_EC2_METADATA_DISABLED": "true"}


class Server:
    """An S3-compatible server in a process of its own, with one bucket."""

    def __init__(self) -> None:
        pytest.importorskip("moto")
        silent = subprocess.DEVNULL
        command = [sys.executable, "-m", "tests.s3_server"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=silent, text=True)
        self.port = int(self._said())
        url = f"http://127.0.0.1:{self.port}"
        make = botocore.session.get_session().create_client
        self.client = make(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        self.client.create_bucket(Bucket=BUCKET)
        self.url = url

    def address(self, prefix: str | None = None, bucket: str = BUCKET) -> str:
        """The address of a store that nobody else has."""
        prefix = uuid.uuid4().hex if prefix is None else prefix
        return f"s3://{bucket}/{prefix}?endpoint_override=127.0.0.1:{self.port}&scheme=http&region=us-east-1"

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Nothing listens there meanwhile; the buckets stay."""
        self.turn_off()
        try:
            yield
        finally:
            self.turn_on()

    def turn_off(self) -> None:
        self.process.send_signal(signal.SIGUSR1)
        assert self._said() == "away"

    def turn_on(self) -> None:
        self.process.send_signal(signal.SIGUSR1)
        assert int(self._said()) == self.port

    def _said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextlib.contextmanager
def s3_server() -> Iterator[Server]:
    """A server, and the environment that its clients need."""
    earlier = dict(os.environ)
    os.environ.update(CREDENTIALS)
    server = Server()
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()
        for name in CREDENTIALS:
            os.environ.pop(name)
            if name in earlier:
                os.environ[name] = earlier[name]


def put_raw(store: Store, name: str, data: bytes) -> None:
    """Put an object in place by other means than those of the store."""
    if store.folder:
        (store.folder / name).write_bytes(data)
        return
    assert isinstance(store.root, BucketAddress)
    make = botocore.session.get_session().create_client
    client = make("s3", endpoint_url=endpoint(store.root), region_name="us-east-1")
    bucket, _, key = store.root.key(name).partition("/")
    client.put_object(Bucket=bucket, Key=key, Body=data)


def everything(store: Store, folder: str) -> set[str]:
    """The last parts of all names in a folder of the store, hidden ones too, but not folders in it."""
    if store.folder:
        path = store.folder / folder
        return {one.name for one in path.iterdir() if one.is_file()} if path.is_dir() else set()
    assert isinstance(store.objects, Bucket)
    return {info.base_name for info in store.objects.listed(folder) if info.is_file}
