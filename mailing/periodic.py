"""What beat starts: wake workers for due mails, take back what dead workers left, forget what is kept no longer."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import JSONObject
from django.utils import timezone

from mailing.bounces.mailbox import read_mailbox
from mailing.models import HANDING_OVER, UNDER_WAY, WAS, MailState, OutgoingMail, OutgoingMailQuerySet
from mailing.queue import publish
from mailing.sending import MOST_ATTEMPTS
from mailing.tasks import HARD_LIMIT

logger = logging.getLogger(__name__)

BATCH = 500
STUCK_AFTER = timedelta(seconds=HARD_LIMIT) + timedelta(seconds=30) / settings.PACE
"""Longer than the hard time limit of the task, so the worker that claimed the row is certainly gone."""
CALL_AGAIN_AFTER = timedelta(minutes=2) / settings.PACE
PURGE_BATCH = 1_000
MOST_PURGED = 100_000
"""In one night; the rest in the next."""


@shared_task(base=DjangoTask)
def send_due_mails() -> None:
    sweep(now=timezone.now())


@shared_task(base=DjangoTask)
def read_bounces() -> None:
    read_mailbox(now=timezone.now())


@shared_task(base=DjangoTask)
def purge_mail_contents() -> None:
    purge(now=timezone.now())


def sweep(*, now: datetime) -> None:
    """Call a worker for each mail whose turn it is, the longest waiting first; a bounded number per run."""
    take_back_stuck(now=now)
    due = OutgoingMail.objects.due(now).in_turn(now).not_woken_since(now - CALL_AGAIN_AFTER).order_by("due_at")
    publish(list(due.values_list("pk", flat=True)[:BATCH]), now=now)


def take_back_stuck(*, now: datetime) -> None:
    """Rows whose worker was killed go back to the queue; a row that kills every worker is given up.

    Where the worker died with the server's answer outstanding, the mail may go out a second time, and is counted.
    """
    with transaction.atomic():
        stuck = OutgoingMail.objects.stuck(now - STUCK_AFTER).select_for_update(skip_locked=True)
        rows = list(stuck.order_by("pk")[:BATCH])
        for mail in rows:
            _take_back(mail, now=now)
        OutgoingMail.objects.bulk_update(rows, ["state", "due_at", "woken_at", "error", "body", "context"])
    if rows:
        logger.warning("%s mails taken back from workers that died", len(rows))


def _take_back(mail: OutgoingMail, *, now: datetime) -> None:
    if mail.context.pop(HANDING_OVER, False):
        mail.count_as_perhaps_sent()
        logger.warning("mail %s: worker lost after handing over, the server may have taken it", mail.pk)
    mail.error = "worker lost"
    if mail.attempts >= MOST_ATTEMPTS:
        mail.state = MailState.FAILED
        mail.body = "" if mail.is_secret else mail.body
    else:
        mail.state, mail.due_at, mail.woken_at = MailState.QUEUED, now, None


def purge(*, now: datetime) -> None:
    """Contents go after RETENTION["mail_content"], the delivery record after RETENTION["mail_row"].

    What became of it, `sent_at`, `bounced_at` and the former state in `context` tell.
    """
    done = OutgoingMail.objects.exclude(state__in=UNDER_WAY)
    over = done.filter(due_at__lt=now - settings.RETENTION["mail_row"])
    _in_batches(over, lambda rows: rows.delete())
    past = done.filter(due_at__lt=now - settings.RETENTION["mail_content"]).exclude(state=MailState.PURGED)
    _in_batches(past, _forget)


def _forget(rows: OutgoingMailQuerySet) -> None:
    rows.update(state=MailState.PURGED, body="", subject="", context=JSONObject(**{WAS: F("state")}), attachments=[])


def _in_batches(rows: OutgoingMailQuerySet, act: Callable[[OutgoingMailQuerySet], object]) -> None:
    for _batch in range(MOST_PURGED // PURGE_BATCH):
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:PURGE_BATCH])
        if not ids:
            return
        act(OutgoingMail.objects.filter(pk__in=ids))
