"""Celery entry points: an id in, one effect. When to try again stands in the row, so nothing is retried here."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from booking.effects import ask_attendance as asking
from booking.effects import change_meeting as changing
from booking.effects import check_meeting as checking
from booking.effects import close_meeting as closing
from booking.effects import open_meeting as opening
from booking.effects import sweep as sweeping


@shared_task(base=DjangoTask)
def open_meeting(meeting_pk: int) -> None:
    opening.open_meeting(meeting_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def change_meeting(meeting_pk: int) -> None:
    changing.change_meeting(meeting_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def close_meeting(meeting_pk: int) -> None:
    closing.close_meeting(meeting_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def check_meeting(meeting_pk: int) -> None:
    checking.check_meeting(meeting_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def ask_status(meeting_pk: int) -> None:
    asking.ask_status(meeting_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def ask_attendance(meeting_pk: int) -> None:
    asking.ask_attendance(meeting_pk, now=timezone.now())


@shared_task(base=DjangoTask)
def sweep_host(host: str) -> None:
    sweeping.sweep_host(host, now=timezone.now())
