"""An SMTP server that accepts everything and remembers when it came, and to whom."""

import threading
import time
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller

from bench.browser import HOST
from demo.run_tests import free_port


class MailSink:
    def __init__(self) -> None:
        self.host, self.port = HOST, free_port()
        self._arrived: dict[str, float] = {}
        self._news = threading.Condition()
        self._controller = Controller(self, hostname=self.host, port=self.port, enable_SMTPUTF8=True)

    def __enter__(self) -> "MailSink":
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        now = time.time()
        with self._news:
            for recipient in envelope.rcpt_tos:
                self._arrived.setdefault(recipient, now)
            self._news.notify_all()
        return "250 kept"

    def forget(self) -> None:
        with self._news:
            self._arrived.clear()

    def arrival(self, recipient: str, *, within: float) -> float:
        """The moment (Unix time) of the first mail to this address."""
        with self._news:
            if not self._news.wait_for(lambda: recipient in self._arrived, timeout=within):
                raise TimeoutError(f"No mail to {recipient} within {within:.0f} seconds.")
            return self._arrived[recipient]

    def arrivals(self, count: int, *, within: float) -> list[float]:
        """The moments of the first mail to each address, in order, when there are `count` or the time is over."""
        with self._news:
            self._news.wait_for(lambda: len(self._arrived) >= count, timeout=within)
            return sorted(self._arrived.values())
