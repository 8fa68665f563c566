"""What beat starts: wake workers for due mails, take back what dead workers left, forget what is kept no longer."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.utils import timezone

from mailing.models import MailState, OutgoingMail
from mailing.queue import publish
from mailing.sending import MOST_ATTEMPTS

logger = logging.getLogger(__name__)

BATCH = 500
STUCK_AFTER = timedelta(minutes=5)
"""Longer than the hard time limit of a task, so the worker that claimed the row is certainly gone."""
CALL_AGAIN_AFTER = timedelta(minutes=2)


@shared_task(base=DjangoTask)
def send_due_mails() -> None:
    sweep(now=timezone.now())


@shared_task(base=DjangoTask)
def purge_mail_contents() -> None:
    purge(now=timezone.now())


def sweep(*, now: datetime) -> None:
    """Call a worker for each due row, the longest waiting first; a bounded number per run."""
    take_back_stuck(now=now)
    due = OutgoingMail.objects.due(now).not_woken_since(now - CALL_AGAIN_AFTER).order_by("due_at")
    publish(list(due.values_list("pk", flat=True)[:BATCH]), now=now)


def take_back_stuck(*, now: datetime) -> None:
    """Rows whose worker was killed go back to the queue; a row that kills every worker is given up."""
    stuck = OutgoingMail.objects.stuck(now - STUCK_AFTER)
    given_up = stuck.filter(attempts__gte=MOST_ATTEMPTS)
    given_up.filter(is_secret=True).update(body="")
    given_up.update(state=MailState.FAILED, error="worker lost")
    if taken_back := stuck.update(state=MailState.QUEUED, due_at=now, woken_at=None, error="worker lost"):
        logger.warning("%s mails taken back from workers that died", taken_back)


def purge(*, now: datetime) -> None:
    """Contents go after RETENTION["mail_content"], the delivery record after RETENTION["mail_row"]."""
    done = OutgoingMail.objects.exclude(state__in=[MailState.QUEUED, MailState.SENDING])
    done.filter(due_at__lt=now - settings.RETENTION["mail_row"]).delete()
    past = done.filter(due_at__lt=now - settings.RETENTION["mail_content"])
    past.exclude(body="", subject="", context={}).update(body="", subject="", context={})
