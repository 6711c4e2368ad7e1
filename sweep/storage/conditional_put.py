"""Exclusive creation in a bucket by conditional PUTs: the service lets only one of several writers win."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sweep.storage.address import BucketAddress
from sweep.storage.bucket_client import ATTEMPTS, CONNECT_SECONDS, SILENCE_SECONDS, endpoint, fault, region

EXISTS, CONFLICT = 412, 409
UNKNOWN = (400, 405, 501)
"""The statuses of services that do not support conditional PUTs."""
CONFLICTS = 10


class ConditionalPut:
    """PUTs with `If-None-Match: *`, sent by botocore, as pyarrow's file systems do not support them.

    Of concurrent calls for one name exactly one returns true, however slow they are, and the object is that call's.
    Only two calls with identical bytes may both return true: after a lost answer they cannot be told apart.
    """

    def __init__(self, address: BucketAddress, read: Callable[[str], bytes | None]) -> None:
        self._address, self._read = address, read
        url = endpoint(address)
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": "path" if url else "auto"},
        )
        with self._explained(""):
            session = botocore.session.get_session()
            self._client = session.create_client("s3", region_name=region(address), endpoint_url=url, config=config)

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name exists; whether this call did it."""
        with self._explained(name):
            for number in range(CONFLICTS):
                status = self._put(name, data)
                if status == EXISTS:
                    return self._read(name) == data  # this call's, if an answer was lost and the request repeated
                if status != CONFLICT:
                    return True
                time.sleep(0.05 * 2**number)
        raise fault("write", self._address.of(name), "other writers write it continually")

    def is_obeyed(self) -> bool:
        """Whether the service supports the condition: some ignore it, so that every writer would win."""
        name = f".conditional-{uuid.uuid4().hex}"
        with self._explained(name):
            try:
                return self._put(name, b"1") != EXISTS and self._put(name, b"2") == EXISTS
            except ClientError as error:
                if _status(error) in UNKNOWN:
                    return False
                raise
            finally:
                with contextlib.suppress(ClientError, BotoCoreError):
                    self._client.delete_object(**self._key(name))

    def clear_leftovers(self, folders: Iterable[str]) -> int:
        """0: nothing is ever left."""
        return 0

    def _put(self, name: str, data: bytes) -> int:
        try:
            self._client.put_object(**self._key(name), Body=data, IfNoneMatch="*")
        except ClientError as error:
            if _status(error) in (EXISTS, CONFLICT):
                return _status(error)
            raise
        return 200

    def _key(self, name: str) -> dict[str, str]:
        bucket, _, key = self._address.key(name).partition("/")
        return {"Bucket": bucket, "Key": key}

    @contextlib.contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise fault("write", self._address.of(name), str(error)) from error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
