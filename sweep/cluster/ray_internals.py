"""The undocumented parts of Ray that this package uses, and the only module here that touches any.

`tests/sweep/cluster/test_ray_internals.py` names each, and the version of Ray that it was checked with. Ray is
imported when a function is called.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

UNKNOWN_TOKEN = "InvalidAuthToken"
"""In Ray's answer to a client that has not the token of the cluster."""

JOB_CONFIG = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""The variable in which Ray Jobs passes a driver's config to the processes of its trials."""


def token_problem(address: str, seconds: float) -> Literal["missing", "wanted", "refused"] | None:
    """What is wrong with the token of this client, by the answer of the head at HOST:PORT; None when nothing is.

    Only a clear refusal counts. The request is that for the id of the cluster. Ray's own client would repeat it for
    20 s, print every refusal, and not say why it failed. Opening a channel needs `ray[default]`; without it: None.
    """
    try:
        from ray._private.authentication.authentication_utils import is_token_auth_enabled
        from ray._private.grpc_utils import init_grpc_channel
        from ray._private.ray_constants import GLOBAL_GRPC_OPTIONS
        from ray.core.generated.gcs_service_pb2 import GetClusterIdRequest  # type: ignore[attr-defined]
        from ray.core.generated.gcs_service_pb2_grpc import NodeInfoGcsServiceStub
        from ray.exceptions import AuthenticationError
    except ImportError:
        return None
    try:
        with init_grpc_channel(address, GLOBAL_GRPC_OPTIONS) as channel:
            NodeInfoGcsServiceStub(channel).GetClusterId(GetClusterIdRequest(), timeout=seconds)
    except AuthenticationError:  # raised before anything is sent
        return "missing"
    except Exception as error:
        if UNKNOWN_TOKEN in str(error):
            return "refused" if is_token_auth_enabled() else "wanted"
    return None


@contextmanager
def loopback_only() -> Iterator[None]:
    """While in the block Ray starts on the loopback address alone; else a dozen of its ports are open to every host.

    Ray does so by itself where it expects no cluster, on macOS and Windows, and has no other setting for it: the
    address 127.0.0.1, when given, is replaced by that of the host.
    """
    from ray._private import ray_constants

    expects_cluster = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = expects_cluster


def write_messages_to(file: Path) -> None:
    """From now on append to the file what Ray's processes tell this driver, as of a worker that died.

    Ray would print it on stdout, in colour, whatever `log_to_driver` says, and has no setting for it.
    """
    from ray._private import worker

    def write(data: Mapping[str, Any], ignore_prefix: bool) -> None:
        with suppress(OSError), file.open("a") as log:
            log.writelines(f"({data['pid']}) {line}\n" for line in data["lines"])

    worker.print_to_stdstream = write


def never_propagate(variables: Iterable[str]) -> None:
    """Keep Tune from copying these variables of the driver's environment into that of every trial, and into logs."""
    from ray.tune.execution import class_cache

    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(variables)


def keep_working_directory_from_trials() -> None:
    """Remove the job's working directory from Ray's config: trials on nodes that start later could not get it."""
    if text := os.environ.get(JOB_CONFIG):
        config = json.loads(text)
        config.get("runtime_env", {}).pop("working_dir", None)
        os.environ[JOB_CONFIG] = json.dumps(config)
