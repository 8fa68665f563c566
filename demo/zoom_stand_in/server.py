"""The stand-in on a socket, in a thread of its own."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  (werkzeug's name)
        """Links and host names stay out of the log."""


def listen(app: Callable[..., Any], *, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """A bound server, not yet serving; port 0 takes a free one. Raises OSError when the port is taken."""
    return make_server(host, port, app, threaded=True, request_handler=QuietHandler)


@contextlib.contextmanager
def running(app: Callable[..., Any]) -> Iterator[str]:
    """Serve on a free port while the block runs; yields the address."""
    server = listen(app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
