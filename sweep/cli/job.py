"""A `sweep` command as a job of a Ray cluster, on its head: `python3 -m sweep.cli.job REQUEST`."""

import contextlib
import io
import json
import os
import signal
import socket
import sys

from sweep.cli.app import app, report_errors
from sweep.cluster.ray_internals import keep_working_directory_from_trials
from sweep.console import warn
from sweep.errors import UsageError
from sweep.jobs import ANSWER, BEGIN, Request
from sweep.system.provenance import code_versions, differences, in_words, versions


def main() -> None:
    """Run the requested command; its whole standard output becomes the line of the answer."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a head started in the background ignores
    request = Request.parse(sys.argv[1])
    print(f"{BEGIN}{socket.gethostname()}: {in_words(versions())}", file=sys.stderr, flush=True)
    os.environ.update({**request.environment, **request.client_setting()})
    keep_working_directory_from_trials()
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


if __name__ == "__main__":
    main()
