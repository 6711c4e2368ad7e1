"""An S3-compatible server on a port of this machine: python -m tests.s3_server. SIGUSR1 takes it away, and back again.

Its buckets live as long as its process. It answers one request after another, so that its conditional PUTs are atomic.
"""

import signal
import threading
from types import FrameType

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server


def main() -> None:
    """Serve for ever, and say the port, or that it is away."""
    application, port = DomainDispatcherApplication(create_backend_app), 0
    serving: list[BaseWSGIServer] = []
    wanted = threading.Event()
    wanted.set()

    def turn(_number: int, _frame: FrameType | None) -> None:
        if wanted.is_set():
            wanted.clear()
            threading.Thread(target=serving[-1].shutdown).start()
        else:
            wanted.set()

    signal.signal(signal.SIGUSR1, turn)
    while True:
        server = make_server("127.0.0.1", port, application, threaded=False)
        serving[:], port = [server], server.server_port
        print(port, flush=True)
        server.serve_forever()
        server.server_close()
        print("away", flush=True)
        while not wanted.wait(0.1):
            continue


if __name__ == "__main__":
    main()
