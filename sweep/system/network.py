"""Whether a service answers within seconds: a TCP port that opens, a web server that responds."""

import socket

from sweep.errors import causes

UNAUTHORIZED = 401


def check_port(address: str, seconds: float) -> None:
    """Check that a process listens at HOST:PORT.

    Raises:
        OSError: when the port does not open within that time.
    """
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()


def http_status(url: str, seconds: float) -> int | None:
    """The HTTP status of the response to a GET of the URL; None if the server's certificate is not accepted.

    Raises:
        OSError: when there is no answer within that time; the message is the root cause.
    """
    import requests  # takes a while to import

    try:
        with requests.get(url, timeout=seconds, stream=True) as answer:
            return answer.status_code
    except requests.exceptions.SSLError:
        return None
    except requests.RequestException as error:
        *_, root = causes(error)
        raise OSError(str(root).partition("\n")[0] or type(root).__name__) from error
