"""A worker dies with a mail in its hands: the mail goes out, and whether it may go out twice is known."""

import os
import signal
import threading
import time
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from mailing import sending
from mailing.models import PERHAPS_SENT, MailState, OutgoingMail
from mailing.periodic import STUCK_AFTER, sweep
from mailing.queue import queue_text
from mailing.sending import MOST_ATTEMPTS, NOTE_AGAIN_AFTER, send
from mailing.tasks import send_mail
from tests.factories import NOW
from tests.mailing.rows import note
from tests.mailing.times import seconds

pytestmark = pytest.mark.django_db


def in_hands(**changes) -> OutgoingMail:
    """Claimed by a worker that is dead."""
    return note(**{"state": MailState.SENDING, "claimed_at": NOW, "attempts": 1, **changes})


def test_a_row_whose_worker_was_killed_goes_out_after_two_minutes(says, smtp_server):
    mail = in_hands()
    just_before = NOW + STUCK_AFTER - seconds(1)
    sweep(now=just_before)
    send(mail.pk, now=just_before)
    assert not smtp_server.messages
    sweep(now=NOW + STUCK_AFTER)
    send(mail.pk, now=NOW + STUCK_AFTER)
    assert len(smtp_server.messages) == 1


def test_a_worker_is_surely_gone_before_its_row_is_taken_back():
    assert timedelta(seconds=send_mail.time_limit) < STUCK_AFTER
    assert send_mail.soft_time_limit + sum(NOTE_AGAIN_AFTER) < send_mail.time_limit


def test_who_died_before_handing_over_sent_nothing(says):
    mail = in_hands()
    sweep(now=NOW + STUCK_AFTER)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (MailState.QUEUED, "worker lost")
    assert not OutgoingMail.objects.perhaps_sent_twice()


def test_a_row_that_kills_every_worker_is_given_up(says, smtp_server):
    mail = in_hands(attempts=MOST_ATTEMPTS, body="secret", is_secret=True)
    sweep(now=NOW + STUCK_AFTER)
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (MailState.FAILED, "")


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(says, smtp_server):
    mail = note()
    claimed = sending.claim(mail.pk, now=NOW)
    sweep(now=NOW + STUCK_AFTER)
    sending.claim(mail.pk, now=NOW + STUCK_AFTER)
    sending._give_up(claimed, ValueError("late"))
    mail.refresh_from_db()
    assert mail.state == MailState.SENDING


def ask_as_somebody_else(query: str, *values: object) -> object:
    with closing(psycopg2.connect(**connection.get_connection_params())) as another, another.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]


@pytest.fixture
def half_sent(celery_worker_process, smtp_server) -> OutgoingMail:
    """The server took the mail and the worker was killed before it heard so."""
    worker = celery_worker_process()
    killed = threading.Event()

    def kill() -> None:
        os.killpg(worker.pid, signal.SIGKILL)
        killed.set()

    smtp_server.on_data = kill
    with transaction.atomic():
        mail = queue_text(kind="hello", to="a@mail.example", subject="件名", body="本文\n", now=timezone.now())
    assert killed.wait(20)
    smtp_server.on_data = lambda: None
    return mail


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_accepted_and_noted_is_counted(half_sent, smtp_server):
    later = timezone.now() + STUCK_AFTER
    sweep(now=later)
    send(half_sent.pk, now=later)
    assert len({message["Message-ID"] for message in smtp_server.messages}) == 1
    assert len(smtp_server.messages) == 2
    (mail,) = OutgoingMail.objects.perhaps_sent_twice()
    assert (mail.state, mail.context[PERHAPS_SENT]) == (MailState.SENT, 1)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_silent_in_the_middle_is_counted(says, smtp_server, settings):
    settings.EMAIL_TIMEOUT = 0.3
    smtp_server.on_data = lambda: time.sleep(0.6)
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.DELAYED
    assert list(OutgoingMail.objects.perhaps_sent_twice()) == [mail]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_away_is_not_counted(says, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    send(note().pk, now=NOW)
    assert not OutgoingMail.objects.perhaps_sent_twice()


@pytest.fixture
def database_cuts_us_off(smtp_server) -> None:
    """While the server has the mail, PostgreSQL ends the connection of the worker, as in a restart."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()

    def cut() -> None:
        ask_as_somebody_else("SELECT pg_terminate_backend(%s)", ours)

    smtp_server.on_data = cut


@pytest.mark.django_db(transaction=True)
def test_a_database_that_restarts_learns_that_the_mail_is_sent(says, smtp_server, database_cuts_us_off):
    mail = note()
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


@pytest.mark.django_db(transaction=True)
def test_without_asking_again_it_would_be_sent_twice(says, smtp_server, database_cuts_us_off, monkeypatch):
    monkeypatch.setattr(sending, "NOTE_AGAIN_AFTER", ())
    mail = note()
    with pytest.raises(OperationalError):
        send(mail.pk, now=NOW)
    connection.close()
    mail.refresh_from_db()
    assert mail.state == MailState.SENDING


@pytest.mark.django_db(transaction=True)
def test_the_result_is_noted_before_the_goodbye(says, smtp_server):
    """A goodbye takes a round trip, in which a worker could die."""
    noted: list[str] = []

    def look() -> None:
        noted.append(ask_as_somebody_else("SELECT state FROM mailing_outgoingmail"))

    smtp_server.on_quit = look
    send(note().pk, now=NOW)
    assert noted == [MailState.SENT]
