"""The clients of buckets: with timeouts, credentials from the environment, and errors that say what to do."""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa
from pyarrow import fs

from sweep.errors import StorageFault
from sweep.storage.address import BucketAddress

SETTINGS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_EC2_METADATA_DISABLED",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
"""Environment variables that configure the access to buckets; processes on other hosts need them too."""

CONNECT_SECONDS = 3.0
SILENCE_SECONDS = 10.0
"""A request that transfers nothing for so long fails."""
ATTEMPTS = 4
GCS_SECONDS = 5.0
PART_LENGTH = 160

CAUSES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"NO_SUCH_BUCKET|NoSuchBucket|bucket does not exist", re.IGNORECASE),
        "there is no such bucket",
        "create it, or choose another with --store (SWEEP_STORE)",
    ),
    (
        re.compile(r"credentials|access token|authentication", re.IGNORECASE),
        "no credentials were found, or they cannot be used",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (for gs:// GOOGLE_APPLICATION_CREDENTIALS), or a role",
    ),
    (
        re.compile(
            r"INVALID_ACCESS_KEY|INVALID_CLIENT_TOKEN|SIGNATURE_DOES_NOT_MATCH|InvalidAccessKey|Signature|Token"
        ),
        "the credentials are refused",
        "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the role",
    ),
    (
        re.compile(r"ACCESS_DENIED|AccessDenied|Forbidden|code:? 403|PERMISSION_DENIED|UNAUTHENTICATED"),
        "access is denied",
        "see that the credentials may list the bucket, and read, write and delete objects in it",
    ),
    (
        re.compile(r"NETWORK_CONNECTION|curlCode|Could not connect|UNAVAILABLE|DEADLINE_EXCEEDED|[Tt]imed? ?out"),
        "the service does not answer",
        "check the network and the endpoint (AWS_ENDPOINT_URL), then the same again",
    ),
)
"""Patterns of the clients' messages, each with its meaning and its remedy."""


def endpoint(address: BucketAddress) -> str | None:
    """The URL of an S3-compatible service, from the address or the environment; None for Amazon's own."""
    if override := address.option("endpoint_override"):
        return override if "://" in override else f"{address.option('scheme') or 'https'}://{override}"
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def region(address: BucketAddress) -> str | None:
    """The region, from the address or the environment."""
    return address.option("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def file_system(address: BucketAddress) -> fs.FileSystem:
    """The file system that the bucket is in; every request has a timeout of seconds.

    Raises:
        OSError: when the region of the bucket must be requested, and there is no answer.
    """
    if address.kind == "gs":
        options = {name: value for name in ("endpoint_override", "scheme") if (value := address.option(name))}
        return fs.GcsFileSystem(retry_time_limit=timedelta(seconds=GCS_SECONDS), **options)
    scheme, _, host = (endpoint(address) or "https://").partition("://")
    where = region(address) or ("us-east-1" if host else fs.resolve_s3_region(address.bucket))
    return fs.S3FileSystem(
        region=where,
        scheme=scheme,
        endpoint_override=host.rstrip("/") or None,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=SILENCE_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        allow_delayed_open=True,  # small objects are one request
    )


@contextlib.contextmanager
def explained(action: str, where: str) -> Iterator[None]:
    """Turn an error of a client in the block into a StorageFault with its meaning.

    Raises:
        StorageFault: in place of the client's error.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise fault(action, where, str(error)) from error


def fault(action: str, where: str, message: str) -> StorageFault:
    """The fault for a message of a client."""
    message = re.sub(r"\s*\((Request ID|Host ID)[^)]*\)", "", message).strip()
    causes = ((meaning, remedy) for pattern, meaning, remedy in CAUSES if pattern.search(message))
    meaning, remedy = next(causes, ("the service refuses", "check the bucket, or choose another --store (SWEEP_STORE)"))
    short = message if len(message) <= 2 * PART_LENGTH else f"{message[:PART_LENGTH]} ... {message[-PART_LENGTH:]}"
    return StorageFault(f"cannot {action} {where}: {meaning} ({short})", next=remedy)
