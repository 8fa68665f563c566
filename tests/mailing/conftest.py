from functools import partial

import pytest
from kombu import Connection

from mailing import composers
from mailing.composers import Message
from mailing.tasks import send_mail


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
