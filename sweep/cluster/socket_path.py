"""The folder in which Ray puts its sockets, and whether their paths fit into what the system allows."""

import os
import sys

from sweep.errors import ClusterUnusable
from sweep.system.paths import temporary_folder
from sweep.system.private_folder import private_path

LONGEST_BYTES = 103 if sys.platform == "darwin" else 107
"""Of the path of a socket (unix(7))."""

LONGEST_SOCKET = "r4194304/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
"""Below this user's folder of runs, with the longest process id of Linux."""


def check_socket_path() -> None:
    """Check that a Ray started on this machine can create its sockets.

    Raises:
        ClusterUnusable: when their paths would be too long.
    """
    folder = temporary_folder()
    too_many = len(os.fsencode(private_path() / LONGEST_SOCKET)) - LONGEST_BYTES
    if too_many > 0:
        variable = "RAY_TMPDIR" if os.environ.get("RAY_TMPDIR") else "TMPDIR"
        allowed = len(os.fsencode(folder)) - too_many
        raise ClusterUnusable(
            f"{variable} {folder}: {len(os.fsencode(folder))} bytes are too long a path for Ray's sockets; allowed are "
            f"{allowed}",
            next="the same with RAY_TMPDIR=/tmp, or another short path",
        )
