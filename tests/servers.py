"""A real MLflow server to be killed and started again, and what can stand between it and its clients."""

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60.0
START_SECONDS = 120.0


def free_port() -> int:
    """A port that nothing listens on, out of those that neither the system nor Ray gives to others by itself."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """A real MLflow server, that can be killed and started again on its database; what it says is in `server.log`."""

    def __init__(self, folder: Path, backend: str | None = None, *options: str, **environment: str) -> None:
        self.port, self.folder = free_port(), folder
        self._backend = backend or f"sqlite:///{folder}/mlflow.db"
        self._options, self._environment = options, environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command, "--backend-store-uri", self._backend, *self._options],
                cwd=self.folder,
                env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{self.uri}/health", timeout=1).close()
                return
            time.sleep(0.1)
        self.kill()
        raise TimeoutError(f"the MLflow server did not start: {(self.folder / 'server.log').read_text()[-2000:]}")

    def kill(self) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=30)


class Between:
    """Stands between the mirror and the server: passes requests on, or fails as `mode` says.

    closed: hangs up at once; hung: never answers; 429, 500: answers so; lost: passes the request on, not the answer;
    slow: answers late. `requests` counts what came.
    """

    def __init__(self, server_port: int) -> None:
        self.mode, self.delay, self.requests = "ok", 0.0, 0
        self.is_over = threading.Event()
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                with contextlib.suppress(OSError):
                    super().handle_one_request()

            def answer(self) -> None:
                between.requests += 1
                mode, body = between.mode, self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.close_connection = True
                if mode == "closed":
                    return
                if mode == "hung":
                    between.is_over.wait(PATIENCE_SECONDS)
                elif mode in ("429", "500"):
                    self.send(int(mode), b"{}", {"Retry-After": "3600"})
                else:
                    between.is_over.wait(between.delay if mode == "slow" else 0)
                    status, content = self.passed_on(body)
                    if mode != "lost" or self.command == "GET":
                        self.send(status, content, {})

            do_GET = do_POST = do_PATCH = do_DELETE = answer

            def passed_on(self, body: bytes) -> tuple[int, bytes]:
                connection = http.client.HTTPConnection("127.0.0.1", server_port, timeout=30)
                headers = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
                connection.request(self.command, self.path, body or None, headers)
                answered = connection.getresponse()
                content = answered.read()
                connection.close()
                return answered.status, content

            def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
