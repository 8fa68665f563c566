"""The only way into the ledger of outgoing mail: a row now, with its cause; the text and the sending later."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction

from mailing.composers import READY_TEXT, kinds
from mailing.message import one_line
from mailing.models import MailState, OutgoingMail
from mailing.tasks import send_mail
from mailing.wake_up import call_worker


def queue_mail(
    *,
    kind: str,
    cause: str,
    to: str,
    now: datetime,
    due_at: datetime | None = None,
    occurrence: str = "1",
    language: str = "ja",
    context: dict[str, Any] | None = None,
    is_secret: bool = False,
    is_waiting: bool = False,
) -> OutgoingMail:
    """Write one mail that commits or vanishes with its cause. The same (cause, kind, occurrence) again: the same row.

    `is_waiting` says that it is tried at `due_at` at the latest, and earlier when somebody wakes its cause.
    """
    if kind not in kinds():
        raise LookupError(f"no composer for mails of kind {kind}")
    contents = {"to": to, "language": language, "context": context or {}, "is_secret": is_secret}
    key = {"cause": cause, "kind": kind, "occurrence": occurrence}
    return _write(key, {**contents, "due_at": due_at or now, "is_waiting": is_waiting}, now=now)


def queue_text(*, kind: str, to: str, subject: str, body: str, now: datetime, is_secret: bool = False) -> OutgoingMail:
    """Write one mail whose text is complete already, such as those of allauth."""
    contents = {"to": to, "subject": one_line(subject)[:200], "body": body, "is_secret": is_secret}
    key = {"cause": str(uuid4()), "kind": kind, "occurrence": "1"}
    return _write(key, {**contents, "due_at": now, "context": {READY_TEXT: True}}, now=now)


def wake(cause: str, *, now: datetime) -> None:
    """What the waiting mails of this cause waited for may have come: try them now instead of at their next turn."""
    with transaction.atomic():
        waiting = OutgoingMail.objects.about(cause).filter(state=MailState.QUEUED, is_waiting=True)
        ids = list(waiting.select_for_update().values_list("pk", flat=True))
        OutgoingMail.objects.filter(pk__in=ids).update(due_at=now, is_waiting=False, woken_at=None)
        transaction.on_commit(partial(publish, ids, now=now))


def send_again(mails: Iterable[OutgoingMail], *, now: datetime) -> int:
    """Queue failed mails once more and return how many. Secret ones are not kept, so they cannot be repeated."""
    with transaction.atomic():
        failed = OutgoingMail.objects.undelivered().filter(pk__in=[mail.pk for mail in mails], is_secret=False)
        ids = list(failed.select_for_update().values_list("pk", flat=True))
        OutgoingMail.objects.filter(pk__in=ids).update(
            state=MailState.QUEUED, due_at=now, attempts=0, error="", woken_at=None
        )
        transaction.on_commit(partial(publish, ids, now=now))
    return len(ids)


def publish(mail_ids: Iterable[int], *, now: datetime) -> None:
    """Wake a worker for each of these rows. Without the broker nothing is lost: the sweeper finds the rows."""
    published: list[int] = []
    for mail_id in mail_ids:
        if not call_worker(send_mail, mail_id):
            break
        published.append(mail_id)
    OutgoingMail.objects.filter(pk__in=published).update(woken_at=now)


def _write(key: dict[str, str], contents: dict[str, Any], *, now: datetime) -> OutgoingMail:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a mail is queued in the transaction of its cause")
    mail, created = OutgoingMail.objects.get_or_create(**key, defaults=contents)
    if created and mail.due_at <= now:
        transaction.on_commit(partial(publish, [mail.pk], now=now))
    return mail
