"""The address of a store, as the user gives it: a folder, or a bucket and a prefix in it."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sweep.errors import UsageError
from sweep.system.paths import with_home

OPTIONS = {"s3": ("region", "endpoint_override", "scheme"), "gs": ("endpoint_override", "scheme")}
"""The kinds of buckets, each with the query options of pyarrow that an address may have."""

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class BucketAddress:
    """A bucket, a prefix in it without slashes at its ends, and options of the service; never credentials."""

    kind: str
    bucket: str
    prefix: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = f"?{urlencode(self.options, safe=':/')}" if self.options else ""
        return self.of() + query

    def of(self, name: str = "") -> str:
        """The address of an object of that name below the prefix, without the options."""
        return f"{self.kind}://{self.key(name)}"

    def key(self, name: str = "") -> str:
        """The object's path, which begins with the bucket."""
        return "/".join(part for part in (self.bucket, self.prefix, name) if part)

    def option(self, name: str) -> str | None:
        """The value of an option; None when it is not given."""
        return dict(self.options).get(name)


Place = Path | BucketAddress
StoreAddress = str | Path | BucketAddress


def place_of(address: StoreAddress) -> Place:
    """The folder or bucket of an address.

    Raises:
        UsageError: when it is neither, holds credentials (which the message does not repeat), or has unknown options.
    """
    if not isinstance(address, str):
        return address
    if "://" not in address:
        return with_home(address)
    return _bucket(address)


def is_bucket(address: Any) -> bool:
    """Whether the address looks like that of a bucket."""
    return isinstance(address, BucketAddress) or str(address).partition("://")[0] in OPTIONS


def absolute(address: StoreAddress) -> Place:
    """The folder as an absolute path, or the bucket; raises as `place_of`."""
    place = place_of(address)
    return place.absolute() if isinstance(place, Path) else place


def below(place: Place, name: str) -> str:
    """Path or address of an object in that place; that of a bucket has its options, so that it can be opened alone."""
    if isinstance(place, Path):
        return str(place / name)
    return str(replace(place, prefix=f"{place.prefix}/{name}".strip("/")))


def split(address: str) -> tuple[BucketAddress, str]:
    """The bucket and prefix of an object's address, and the object's name below them."""
    whole = _bucket(address)
    above, _, name = whole.prefix.rpartition("/")
    return replace(whole, prefix=above), name


def _bucket(address: str) -> BucketAddress:
    parts = urlsplit(address, allow_fragments=False)
    if parts.scheme not in OPTIONS:
        raise UsageError(
            f"{parts.scheme}://...: a store is a folder, or a bucket as in "
            f"{' or '.join(f'{kind}://BUCKET/PREFIX' for kind in OPTIONS)}",
            next="the same with such a --store",
        )
    if ":" in parts.netloc or "@" in parts.netloc:
        raise UsageError(
            f"the address {parts.scheme}://... carries credentials, which would be kept and shown with it",
            next="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (for gs:// GOOGLE_APPLICATION_CREDENTIALS), and "
            f"give --store {parts.scheme}://BUCKET/PREFIX",
        )
    if not BUCKET.fullmatch(parts.netloc):
        raise UsageError(
            f"'{parts.netloc}' is no name of a bucket: letters, digits, '.', '_' and '-' are",
            next=f"the same with --store {parts.scheme}://BUCKET/PREFIX",
        )
    options = tuple(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := [name for name, _ in options if name not in OPTIONS[parts.scheme]]:
        raise UsageError(
            f"{parts.scheme}://{parts.netloc}: unknown option '{unknown[0]}': allowed are "
            f"{', '.join(OPTIONS[parts.scheme])}",
            next="the same without it",
        )
    prefix = "/".join(part for part in parts.path.split("/") if part)
    return BucketAddress(parts.scheme, parts.netloc, prefix, options)
