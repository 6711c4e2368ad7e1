"""Whole objects by name, in a folder or a bucket: written atomically, never partly visible.

Not here: what the objects mean (`store`). Imported by `store`, and by modules that handle its address.
"""

from sweep.storage.address import BucketAddress, Place, StoreAddress, absolute, below, is_bucket, place_of, split
from sweep.storage.bucket_client import SETTINGS
from sweep.storage.file_systems import free_bytes, fullness, mount_point, nearest_existing
from sweep.storage.objects import Objects, at, check_exclusive, check_writable

__all__ = [
    "SETTINGS",
    "BucketAddress",
    "Objects",
    "Place",
    "StoreAddress",
    "absolute",
    "at",
    "below",
    "check_exclusive",
    "check_writable",
    "free_bytes",
    "fullness",
    "is_bucket",
    "mount_point",
    "nearest_existing",
    "place_of",
    "split",
]
