"""The jobs of a Ray cluster, started and inspected over HTTP, through the address of its dashboard."""

import logging
import os
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sweep.cluster.settings import TOKEN
from sweep.commands import QUERY_COMMANDS, RUN_COMMANDS, SPEC_FILE
from sweep.errors import ClusterUnusable, UsageError
from sweep.jobs.request import Request
from sweep.system.network import UNAUTHORIZED, http_status
from sweep.timing import JobTiming

T = TypeVar("T")

ADDRESS_VARIABLE = "RAY_API_SERVER_ADDRESS"
GRACE_SECONDS = 180
"""The time that a stopped job has for its snapshots and for MLflow; Ray's default is 3 s."""
ANSWERED_SECONDS = 60.0

STOP_IN_ORDER = {"RAY_JOB_STOP_SIGNAL": "SIGINT", "RAY_JOB_STOP_WAIT_TIME_S": str(GRACE_SECONDS)}


@dataclass(frozen=True)
class Ended:
    """How a job ended: `code` is its exit code, None where Ray stopped it or it never ran; `message` is Ray's."""

    is_stopped: bool
    code: int | None
    message: str


def settings_passed_on() -> dict[str, str]:
    """The settings of this machine's environment that a job gets; no token is among them."""
    from sweep.cluster.settings import PASSED_ON

    return {name: os.environ[name] for name in (*PASSED_ON, "SWEEP_DEBUG") if name in os.environ}


def is_url(address: str | None) -> bool:
    """Whether this is the address of a dashboard, which takes jobs."""
    return (address or "").startswith(("http://", "https://"))


def dashboard(address: str | None) -> str:
    """The address of the dashboard: as given, else as in RAY_API_SERVER_ADDRESS, without a trailing slash.

    Raises:
        UsageError: when neither is one.
    """
    url = (address or os.environ.get(ADDRESS_VARIABLE, "")).rstrip("/")
    parts = urlsplit(url)
    if not is_url(url) or not parts.hostname or parts.username:
        raise UsageError(
            f"--address {url.rpartition('@')[2] or 'is missing'}: allowed is the address of the cluster's dashboard, "
            "such as http://127.0.0.1:8265, without a user",
            next="ray dashboard cluster.yaml forwards it to this machine",
        )
    return url


class JobClient:
    """The jobs of the cluster behind that address.

    Raises (all methods):
        ClusterUnusable: when it does not answer, or wants another token; the message never holds the token.
    """

    def __init__(self, address: str, timing: JobTiming | None = None) -> None:
        self.address, self._timing = address, timing or JobTiming()
        self.check_answers()
        for name in (ADDRESS_VARIABLE, "RAY_ADDRESS"):  # Ray would prefer them to the address
            os.environ.pop(name, None)
        import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported

        from ray.job_submission import JobSubmissionClient  # isort: skip

        logging.getLogger("ray").setLevel(logging.CRITICAL)
        for name in ("ray.dashboard.modules.dashboard_sdk", "ray.dashboard.modules.job.sdk"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._client = self._asked(lambda: JobSubmissionClient(address))

    def check_answers(self) -> None:
        """Check that the cluster answers; Ray's own client would wait for ever."""
        seconds = self._timing.answer_seconds
        try:
            status = http_status(f"{self.address}/api/version", seconds)
        except OSError as error:
            raise ClusterUnusable(
                f"no Ray cluster answers at {self.address} within {seconds:.0f} s: {error}",
                next="forward the port of its dashboard, as in ray dashboard cluster.yaml",
            ) from error
        send_token_if_required(status)

    def start(self, sweep: str, request: Request, spec: str | None = None) -> str:
        """Start the request as a job on the head, with the spec beside it; its id, which names the sweep."""
        command, store = request.arguments[0], request.option("--store")
        job = f"sweep-{sweep}-{command}-{uuid.uuid4().hex[:8]}"
        metadata = {"sweep": sweep, "command": command} | ({"store": store} if store else {})
        environment: dict[str, Any] = {"env_vars": dict(STOP_IN_ORDER)}
        with tempfile.TemporaryDirectory(prefix="sweep-submit-") as folder:
            if spec is not None:
                (Path(folder) / SPEC_FILE).write_text(spec, encoding="utf-8")
                environment["working_dir"] = folder
            self._asked(
                lambda: self._client.submit_job(
                    entrypoint=request.entrypoint(), submission_id=job, runtime_env=environment, metadata=metadata
                )
            )
        return job

    def stop(self, job: str) -> bool:
        """Send the job SIGINT, and SIGKILL after the grace time; returns whether it was running."""
        return self._asked(lambda: self._client.stop_job(job))

    def ended(self, job: str) -> Ended | None:
        """How the job ended; None while it has not."""
        info = self._asked(lambda: self._client.get_job_info(job))
        if not info.status.is_terminal():
            return None
        return Ended(info.status == "STOPPED", info.driver_exit_code, info.message or "")

    def log(self, job: str) -> str:
        """All that the job has printed."""
        return self._asked(lambda: self._client.get_job_logs(job))

    async def tail(self, job: str) -> AsyncIterator[str]:
        """What the job prints, in pieces, from its beginning, as it comes."""
        import aiohttp

        try:
            async for text in self._client.tail_job_logs(job):
                yield text
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise ClusterUnusable(
                f"the log of job {job} broke off: {error}",
                next="sweep status with the same --address tells how it is",
            ) from error

    def forget_answered(self) -> None:
        """Delete the jobs of queries that ended a while ago from the cluster's list; jobs of runs stay.

        If a job is deleted while its supervisor is still ending, Ray records a failure.
        """
        now = time.time() * 1000
        for job, metadata in self._jobs():
            is_over = job.status.is_terminal() and now - (job.end_time or now) > ANSWERED_SECONDS * 1000
            if is_over and metadata.get("command") in QUERY_COMMANDS:
                with suppress(ClusterUnusable):  # another client was quicker
                    self._asked(partial(self._client.delete_job, job.submission_id))

    def store_of(self, sweep: str) -> str | None:
        """The store of the newest run of the sweep; None when that run used the cluster's own setting."""
        runs = [
            (job.start_time or 0, metadata.get("store"))
            for job, metadata in self._jobs()
            if metadata.get("sweep") == sweep
            and metadata.get("command") in RUN_COMMANDS
            and job.driver_exit_code != UsageError.exit_code
        ]
        return max(runs, key=lambda run: run[0])[1] if runs else None

    def _jobs(self) -> list[tuple[Any, dict[str, str]]]:
        """Every job that the cluster lists, with the metadata that its client set."""
        return [(job, job.metadata or {}) for job in self._asked(self._client.list_jobs)]

    def _asked(self, call: Callable[[], T]) -> T:
        """The result of a call of Ray's client, whose errors become ClusterUnusable."""
        import requests
        from ray.exceptions import AuthenticationError

        try:
            return call()
        except AuthenticationError as error:
            wrong = "refuses the token" if "Invalid" in str(error) else "wants a token"
            raise ClusterUnusable(f"the cluster at {self.address} {wrong}", next=f"the same with {TOKEN}") from error
        except (requests.RequestException, RuntimeError, OSError, ValueError) as error:
            lines = str(error).strip().splitlines()
            raise ClusterUnusable(
                f"the cluster at {self.address} refuses: {lines[-1] if lines else type(error).__name__}",
                next=f"ray job list --address {self.address}",
            ) from error


def send_token_if_required(status: int | None) -> None:
    """Make Ray, which is imported later, send its token if the cluster's HTTP status asks for one.

    By default Ray sends it only if RAY_AUTH_MODE is `token`; a value set by the user is kept.
    """
    if status == UNAUTHORIZED:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
