"""The only way into the ledger of outgoing mail: a row now, with its cause; the text and the sending later."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial, reduce
from operator import or_
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from mailing.composers import READY_TEXT, kinds
from mailing.message import one_line
from mailing.models import ANEW, OVERTAKES, TO_BE_SENT, MailState, OutgoingMail
from mailing.tasks import send_mail
from mailing.wake_up import call_worker


def queue_mails(mails: Sequence[OutgoingMail], *, now: datetime) -> None:
    """Write unsaved rows with one statement; they commit or vanish with their cause.

    A row that exists already under its key (cause, kind, occurrence) stays as it is. `is_waiting` says that the mail is
    tried at `due_at` at the latest, and earlier when somebody wakes its cause.
    """
    _refuse_without_transaction()
    if unknown := {mail.kind for mail in mails} - set(kinds()):
        raise LookupError(f"no composer for mails of kind {', '.join(sorted(unknown))}")
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)
    if due := [mail for mail in mails if mail.due_at <= now]:
        transaction.on_commit(partial(_publish_due, due, now=now))


def queue_text(
    *, kind: str, to: str, subject: str, body: str, now: datetime, is_secret: bool = False, language: str = "ja"
) -> OutgoingMail:
    """Write one mail whose text is complete already, such as those of allauth."""
    _refuse_without_transaction()
    mail = OutgoingMail.objects.create(
        kind=kind,
        cause=str(uuid4()),
        context={READY_TEXT: True},
        to=to,
        language=language,
        subject=one_line(subject)[:200],
        body=body,
        due_at=now,
        is_secret=is_secret,
    )
    transaction.on_commit(partial(publish, [mail.pk], now=now))
    return mail


def supersede(mail: OutgoingMail, *, reason: str, kinds: Iterable[str] = ()) -> None:
    """`mail`, which is about to be queued, makes the unsent mails of its cause untrue: all, or those of `kinds`.

    It then waits for none of them. What is on its way at this moment goes out before it.
    """
    unsent = OutgoingMail.objects.about(mail.cause).filter(state__in=TO_BE_SENT)
    unsent = unsent.exclude(kind=mail.kind, occurrence=mail.occurrence)
    if kinds:
        unsent = unsent.filter(kind__in=kinds)
    ids = list(unsent.select_for_update().order_by("pk").values_list("pk", flat=True))
    superseded = OutgoingMail.objects.filter(pk__in=ids)
    superseded.filter(is_secret=True).update(body="")
    superseded.update(state=MailState.SUPERSEDED, error=reason[:300], woken_at=None)
    mail.context[OVERTAKES] = True


def wake(cause: str, *, now: datetime) -> None:
    """What the waiting mails of this cause waited for may have come: try them now instead of at their next turn."""
    with transaction.atomic():
        waiting = OutgoingMail.objects.about(cause).filter(state=MailState.QUEUED, is_waiting=True)
        ids = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
        OutgoingMail.objects.filter(pk__in=ids).update(due_at=now, is_waiting=False, woken_at=None)
        transaction.on_commit(partial(publish, ids, now=now))


def send_again(mails: Iterable[OutgoingMail], *, now: datetime) -> int:
    """Queue failed and bounced mails once more; return how many.

    The text is composed anew, to the address that the composer knows by then, under a new Message-ID: a late report about
    the former one is not about this one. Secret mails are not kept, so they cannot be repeated.
    """
    with transaction.atomic():
        undelivered = OutgoingMail.objects.undelivered().filter(pk__in=[mail.pk for mail in mails], is_secret=False)
        rows = list(undelivered.select_for_update().order_by("pk"))
        for row in rows:
            row.queue_anew(now=now)
        OutgoingMail.objects.bulk_update(rows, ANEW)
        transaction.on_commit(partial(publish, [row.pk for row in rows], now=now))
    return len(rows)


def mark_bounced(message_id: str, *, now: datetime) -> OutgoingMail | None:
    """A report says that this mail, which a server had accepted, did not arrive. None when it is none of ours.

    `message_id` with its angle brackets. Safe to run twice: the first report counts.
    """
    if not message_id:
        return None
    rows = OutgoingMail.objects.filter(message_id=message_id)
    rows.filter(state=MailState.SENT).update(state=MailState.BOUNCED, bounced_at=now)
    rows.filter(state=MailState.PURGED, bounced_at=None).update(bounced_at=now)
    return rows.first()


def publish(mail_ids: Iterable[int], *, now: datetime) -> None:
    """Wake a worker for each of these rows. Without the broker nothing is lost: the sweeper finds the rows."""
    published: list[int] = []
    for mail_id in mail_ids:
        if not call_worker(send_mail, mail_id):
            break
        published.append(mail_id)
    OutgoingMail.objects.filter(pk__in=published).update(woken_at=now)


def _publish_due(mails: Sequence[OutgoingMail], *, now: datetime) -> None:
    """One call for a row, however often it was queued in the transaction: publish() notes that it called."""
    keys = [Q(cause=mail.cause, kind=mail.kind, occurrence=mail.occurrence) for mail in mails]
    due = OutgoingMail.objects.due(now).filter(reduce(or_, keys), woken_at__isnull=True)
    publish(list(due.values_list("pk", flat=True)), now=now)


def _refuse_without_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a mail is queued in the transaction of its cause")
