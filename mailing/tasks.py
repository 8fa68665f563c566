"""Celery entry points: a row's id in, one attempt to send it."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.utils import timezone

from mailing import sending
from mailing.wake_up import call_worker

SOFT_LIMIT = int(60 / settings.PACE)
HARD_LIMIT = int(90 / settings.PACE)
"""Seconds. A server that is slow at every command is left at the first; the rest is for noting the result."""


@shared_task(base=DjangoTask, soft_time_limit=SOFT_LIMIT, time_limit=HARD_LIMIT)
def send_mail(mail_id: int) -> None:
    """And call a worker for the mail of the same cause that had to wait for this one."""
    next_id = sending.send(mail_id, now=timezone.now())
    if next_id is not None:
        call_worker(send_mail, next_id)
