"""Where everything of `make run` listens, and the environment that tells the processes."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parent.parent
VAR = REPOSITORY / "var"
HOST = "127.0.0.1"
LINK_HOST = "teleoffice.mihon.example"
"""Of the sample links to meeting software that the portal cannot command."""


@dataclass(frozen=True)
class Ports:
    web: int

    @property
    def zoom(self) -> int:
        return self.web + 1

    @property
    def mailbox(self) -> int:
        return self.web + 2

    @property
    def smtp(self) -> int:
        return self.web + 3

    @property
    def redis(self) -> int:
        return self.web + 4

    def url(self, port: int) -> str:
        return f"http://localhost:{port}"

    def taken(self) -> list[int]:
        ports = [self.web, self.zoom, self.mailbox, self.smtp]
        if "REDIS_URL" not in os.environ:
            ports.append(self.redis)
        return [port for port in ports if not is_free(port)]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it a port in TIME_WAIT after the last run would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def process_environment(ports: Ports, *, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of every process: production-like (no DEBUG), with Zoom and mail pointing at this machine."""
    stand_in = ports.url(ports.zoom)
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PORTAL_ENV": "development",
        "PORTAL_DEMO": "1",
        "DEBUG": "0",
        "LOG_LEVEL": "WARNING",
        "PORTAL_URL": ports.url(ports.web),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_URL": f"smtp://{HOST}:{ports.smtp}",
        "MAILBOX_URL": ports.url(ports.mailbox),
        "ZOOM_API_URL": f"{stand_in}/v2",
        "ZOOM_OAUTH_URL": f"{stand_in}/oauth/token",
        "ZOOM_ACCOUNT_ID": "sample-account",
        "ZOOM_CLIENT_ID": "sample-client",
        "ZOOM_CLIENT_SECRET": "sample-secret",
        "ZOOM_WEBHOOK_SECRET": "sample-webhook-secret",
        "ZOOM_JOIN_HOSTS": urlsplit(stand_in).netloc,
        "MEETING_LINK_HOSTS": LINK_HOST,
    }
