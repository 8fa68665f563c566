"""The suite's own fixtures do what they promise."""

import time
from datetime import UTC, datetime

import pytest
from celery import current_app
from django.core.mail import send_mail
from django.utils import timezone

from accounts.models import User


@pytest.mark.django_db
def test_a_naive_datetime_fails_the_test():
    with pytest.raises(RuntimeWarning, match="naive datetime"):
        list(User.objects.filter(last_login=datetime(2026, 4, 1)))  # noqa: DTZ001  the very mistake


def test_frozen_time_is_japan_time_and_can_be_moved(freeze):
    freeze("2026-04-01 09:00")
    assert timezone.now() == datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
    freeze("2026-04-02 00:00")
    assert timezone.localdate().isoformat() == "2026-04-02"


@pytest.mark.parametrize("run", ["first", "second"])
def test_redis_is_empty_at_the_beginning_of_every_test(redis, run):
    assert redis.dbsize() == 0
    redis.set("left behind", "1")


def test_mail_goes_through_a_real_smtp_server(smtp_server):
    send_mail("【ハローワーク】件名", "本文", None, ["a@mihon.example"])
    assert [message["Subject"] for message in smtp_server.to("a@mihon.example")] == ["【ハローワーク】件名"]


def test_a_real_worker_empties_the_queue(celery_worker_process, redis):
    current_app.send_task("accounts.periodic.purge_expired_registrations")
    assert redis.llen("default") == 1
    celery_worker_process()
    deadline = time.monotonic() + 20
    while redis.llen("default") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert redis.llen("default") == 0


def test_the_browser_speaks_japanese_and_knows_japan_time(page):
    assert page.evaluate("navigator.language") == "ja-JP"
    assert page.evaluate("new Date(0).getHours()") == 9
