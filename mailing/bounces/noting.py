"""Note what a report says beside the mail it is about; a mail that a server gave up has bounced."""

import logging
from datetime import datetime

from django.db import transaction

from mailing.bounces.reading import Report
from mailing.models import DeliveryReport, MailState, OutgoingMail
from mailing.queue import mark_bounced

logger = logging.getLogger(__name__)


class StillSending(Exception):
    """The report was faster than the worker that sends this mail: bring it again in a moment."""


def note(report: Report, *, now: datetime) -> DeliveryReport | None:
    """The row beside our mail; None for a report that names no mail of ours. Safe to run twice. Raises StillSending.

    Only a report that knows the Message-ID counts, which nobody can guess. One about another address than ours is kept
    beside the mail and changes nothing.
    """
    with transaction.atomic():
        mail = _mail_of(report)
        if mail is None:
            return None
        if mail.state == MailState.SENDING:
            raise StillSending
        ours = report.about(mail.to)
        told = ours or report.recipients[0]
        facts = {"action": told.action, "status": told.status, "diagnostic": told.diagnostic, "received_at": now}
        row, is_new = DeliveryReport.objects.get_or_create(digest=report.digest, defaults={"mail": mail, **facts})
        if is_new and ours is not None and ours.is_lost:
            _bounce(mail, ours.in_words, now=now)
        return row


def _mail_of(report: Report) -> OutgoingMail | None:
    rows = OutgoingMail.objects.select_for_update().filter(message_id__in=report.message_ids)
    by_id = {row.message_id: row for row in rows.order_by("pk")}
    return next((by_id[message_id] for message_id in report.message_ids if message_id in by_id), None)


def _bounce(mail: OutgoingMail, error: str, *, now: datetime) -> None:
    mark_bounced(mail.message_id, now=now)
    OutgoingMail.objects.filter(pk=mail.pk, state=MailState.BOUNCED).update(error=error)
    logger.warning("mail %s: bounced", mail.pk)
