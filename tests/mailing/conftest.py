from collections.abc import Iterator
from functools import partial

import pytest
from kombu import Connection

from mailing import composers
from mailing.composers import Message
from mailing.tasks import send_mail
from tests.mailing.smtp import Mailbox, start


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = start(mailbox)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5
    yield mailbox
    controller.stop()


@pytest.fixture
def says(monkeypatch):
    """Register a composer for kind "note" and decide what it says: a Message, or an exception to raise."""

    def say(answer: Message | Exception) -> None:
        def compose(mail, *, now):
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setitem(composers._composers, "note", compose)

    say(Message(subject="【ハローワーク】お知らせ", body="髙𠮷 様\n\nお知らせです。\n"))
    return say


@pytest.fixture
def celery_without_broker(monkeypatch):
    """A broker address where nobody listens: the real client, the real refusal."""
    with Connection("redis://127.0.0.1:1/0") as nobody:
        monkeypatch.setattr(send_mail, "apply_async", partial(send_mail.apply_async, connection=nobody))
        yield
