"""A broker that does not answer holds a request up for a moment, not for the retries that Celery makes by default."""

import socket
import threading
from collections.abc import Iterator

import pytest
from celery import current_app
from kombu import Connection

from mailing import wake_up
from mailing.tasks import send_mail


class HangingUp:
    """A port that takes every connection and hangs up at once: a broker that is going down."""

    def __init__(self) -> None:
        self.calls = 0
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                caller, _address = self.server.accept()
            except OSError:
                return
            self.calls += 1
            caller.close()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingUp]:
    broker = HangingUp()
    url = f"redis://127.0.0.1:{broker.server.getsockname()[1]}/0"
    publish = send_mail.apply_async

    def through_this_broker(*args: object, **options: object) -> object:
        with Connection(url) as connection:
            return publish(*args, connection=connection, **options)

    monkeypatch.setattr(send_mail, "apply_async", through_this_broker)
    yield broker
    broker.server.shutdown(socket.SHUT_RDWR)
    broker.server.close()


def test_it_is_called_once_more_and_then_left_to_the_sweeper(broker: HangingUp) -> None:
    assert wake_up.call_worker(send_mail, 1) is False
    assert broker.calls >= 2


def test_without_our_bound_it_would_be_called_longer(broker: HangingUp, monkeypatch: pytest.MonkeyPatch) -> None:
    wake_up.call_worker(send_mail, 1)
    bounded = broker.calls
    default = {**wake_up.PUBLISH_ONCE_MORE, "max_retries": current_app.conf.task_publish_retry_policy["max_retries"]}
    monkeypatch.setattr(wake_up, "PUBLISH_ONCE_MORE", default)
    wake_up.call_worker(send_mail, 1)
    assert broker.calls - bounded > bounded
