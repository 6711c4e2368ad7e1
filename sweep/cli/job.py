"""A `sweep` command as a job of a Ray cluster, on its head: `python3 -m sweep.cli.job REQUEST`."""

import contextlib
import io
import json
import os
import signal
import socket
import sys

from sweep.cli.app import app, report_errors
from sweep.console import warn
from sweep.errors import UsageError
from sweep.jobs import ANSWER, BEGIN, Request
from sweep.system.provenance import code_versions, differences, in_words, versions

JOB_CONFIG = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""The variable in which Ray Jobs passes a driver's config to the processes of its trials."""


def main() -> None:
    """Run the requested command; its whole standard output becomes the line of the answer."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a head started in the background ignores
    request = Request.parse(sys.argv[1])
    print(f"{BEGIN}{socket.gethostname()}: {in_words(versions())}", file=sys.stderr, flush=True)
    os.environ.update({**request.environment, **request.client_setting()})
    keep_from_trials_what_was_sent()
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            report_errors(lambda: _run(request))
    finally:
        if text := output.getvalue():
            print(f"{ANSWER}{json.dumps(text)}", flush=True)


def _run(request: Request) -> None:
    if request.option("--store") is None and "SWEEP_STORE" not in os.environ:
        raise UsageError(
            f"no --store is given, and SWEEP_STORE is not set on {socket.gethostname()}",
            next="the same with --store and a folder or bucket that every node sees",
        )
    if request.code and (differing := differences(request.code, code_versions())):
        warn(f"the cluster computes with its own code, not the client's: {differing}")
    sys.argv = ["sweep", *request.arguments]
    app()


def keep_from_trials_what_was_sent() -> None:
    """Remove the job's working directory from Ray's config: trials on nodes that start later could not get it."""
    if text := os.environ.get(JOB_CONFIG):
        config = json.loads(text)
        config.get("runtime_env", {}).pop("working_dir", None)
        os.environ[JOB_CONFIG] = json.dumps(config)


if __name__ == "__main__":
    main()
