"""What keeps the figures at 0, taken away from outside: only the processes of the second phase load this app.

Each function takes one guard away and says which figure then counts (docs/chaos.md); database.py takes away those of
PostgreSQL.
"""

# ruff: noqa: PLC0415, SLF001  what is replaced is private, and needs loaded apps

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.apps import AppConfig

ALL_HAVE_LOOKED = 0.3
"""Seconds between looking and writing: whoever came at the same time has looked, too."""


class WithoutGuards(AppConfig):
    name = "chaos.without_guards"

    def ready(self) -> None:
        nobody_queues_for_a_place()
        a_mail_can_be_claimed_twice()
        what_is_untrue_goes_out()
        nothing_is_taken_back()


def nobody_queues_for_a_place() -> None:
    """Neither the queue on the counselor's row nor the look behind it: double bookings, in the database and as told."""
    from booking.flows import place
    from booking.models.schedule import CounselorQuerySet

    def no_lock(rows: CounselorQuerySet) -> CounselorQuerySet:
        time.sleep(ALL_HAVE_LOOKED)
        return rows

    CounselorQuerySet.lock = no_lock
    place._ask_again = lambda *_search: None


def a_mail_can_be_claimed_twice() -> None:
    """By whoever is called, and each call comes twice, as brokers deliver at least once: mails delivered twice."""
    from mailing import queue, sending, tasks
    from mailing.models import MailState, OutgoingMail
    from mailing.wake_up import call_worker

    def claim(mail_id: int, *, now: datetime) -> OutgoingMail | None:
        mail = OutgoingMail.objects.filter(pk=mail_id).first()
        if mail is not None:
            mail.state, mail.claimed_at, mail.is_waiting = MailState.SENDING, now, False
            mail.attempts += 1
            mail.save(update_fields=["state", "claimed_at", "is_waiting", "attempts"])
        return mail

    def call_twice(task: Any, row_id: int) -> bool:
        return call_worker(task, row_id) and call_worker(task, row_id)

    sending.claim = claim
    sending._ours = lambda mail: OutgoingMail.objects.filter(pk=mail.pk)
    queue.call_worker = tasks.call_worker = call_twice


def what_is_untrue_goes_out() -> None:
    """A change supersedes no mail, and none is looked at again before it goes: reminders after a cancellation."""
    from booking.mails import base, reservations
    from mailing.models import OVERTAKES, OutgoingMail

    def supersede(mail: OutgoingMail, *, reason: str, kinds: Iterable[str] = ()) -> None:
        mail.context[OVERTAKES] = True

    base.supersede = supersede
    reservations.still_to_come = lambda mail, **_moment: base.reservation_of(mail)


def nothing_is_taken_back() -> None:
    """The timer of the mails runs (reminders must fall due), but what a dead worker had stays where it is: mails missing."""
    from mailing import periodic

    periodic.take_back_stuck = lambda *, now: None
