"""The ledger: a row commits or vanishes with its cause, and a lost broker loses nothing."""

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from mailing import sending
from mailing.composers import Message, NotYet
from mailing.models import DELAYED_SINCE, PERHAPS_SENT, MailState, OutgoingMail
from mailing.periodic import BATCH, sweep
from mailing.queue import mark_bounced, queue_mails, queue_text, send_again, wake
from mailing.tasks import send_mail
from tests.factories import NOW
from tests.mailing.times import minutes, seconds


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """The wake-up calls that went to the broker."""
    made: list[int] = []
    monkeypatch.setattr(send_mail, "apply_async", lambda args, **options: made.append(args[0]))
    return made


@pytest.fixture
def no_broker(monkeypatch) -> None:
    def refuse(*args, **options):
        raise OperationalError("Error 111 connecting to 127.0.0.1:6379. Connection refused.")

    monkeypatch.setattr(send_mail, "apply_async", refuse)


def note(**changes) -> OutgoingMail:
    mail = OutgoingMail(**{"kind": "note", "cause": "cause", "to": "a@mail.example", "due_at": NOW, **changes})
    queue_mails([mail], now=NOW)
    return OutgoingMail.objects.get(cause=mail.cause, kind=mail.kind, occurrence=mail.occurrence)


@pytest.mark.django_db(transaction=True)
def test_a_mail_outside_the_transaction_of_its_cause_is_refused(says):
    with pytest.raises(transaction.TransactionManagementError):
        note()


@pytest.mark.django_db(transaction=True)
def test_a_ready_text_outside_a_transaction_is_refused(says):
    with pytest.raises(transaction.TransactionManagementError):
        queue_text(kind="reset", to="a@mail.example", subject="s", body="b", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_mail_vanishes_with_its_cause(says, calls):
    with transaction.atomic():
        note()
        transaction.set_rollback(True)
    assert not OutgoingMail.objects.exists()
    assert not calls


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_called_only_after_the_commit(says, calls):
    with transaction.atomic():
        mail = note()
        assert not calls
    assert calls == [mail.pk]


@pytest.mark.django_db(transaction=True)
def test_a_mail_for_later_calls_nobody_now(says, calls):
    with transaction.atomic():
        note(due_at=NOW + seconds(1))
    assert not calls


@pytest.mark.django_db(transaction=True)
def test_the_same_occurrence_twice_is_one_row(says, calls):
    with transaction.atomic():
        assert note() == note(to="b@mail.example")
    assert OutgoingMail.objects.get().to == "a@mail.example"
    assert len(calls) == 1


@pytest.mark.django_db
def test_another_occurrence_is_another_row(says):
    assert note() != note(occurrence="2")


@pytest.mark.django_db
def test_a_kind_that_nobody_composes_is_refused_at_once():
    with pytest.raises(LookupError):
        note(kind="nobody_writes_this")


@pytest.mark.django_db(transaction=True)
def test_a_lost_broker_does_not_break_the_cause_and_the_sweeper_finds_the_row(says, no_broker, monkeypatch):
    with transaction.atomic():
        mail = note()
    mail.refresh_from_db()
    assert (mail.state, mail.woken_at) == (MailState.QUEUED, None)
    calls: list[int] = []
    monkeypatch.setattr(send_mail, "apply_async", lambda args, **options: calls.append(args[0]))
    sweep(now=NOW + seconds(15))
    assert calls == [mail.pk]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_really_refuses_connections_does_not_break_the_cause(says, celery_without_broker):
    with transaction.atomic():
        mail = note()
    assert OutgoingMail.objects.due(NOW).get() == mail


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_does_not_call_again_for_a_row_that_a_worker_was_just_called_for(says, calls):
    with transaction.atomic():
        note()
    sweep(now=NOW + seconds(119))
    assert len(calls) == 1
    sweep(now=NOW + seconds(120))
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_takes_a_bounded_number_the_longest_waiting_first(says, calls):
    rows = [
        OutgoingMail(kind="note", cause=str(n), to="a@mail.example", due_at=NOW - seconds(n)) for n in range(BATCH + 2)
    ]
    OutgoingMail.objects.bulk_create(rows)
    sweep(now=NOW)
    assert len(calls) == BATCH
    assert OutgoingMail.objects.filter(woken_at=None).count() == 2
    assert set(OutgoingMail.objects.filter(woken_at=None).values_list("cause", flat=True)) == {"0", "1"}


@pytest.mark.django_db(transaction=True)
def test_waking_a_cause_tries_its_waiting_mails_now_and_leaves_reminders_alone(says, calls):
    with transaction.atomic():
        waiting = note(due_at=NOW + seconds(30), is_waiting=True)
        note(due_at=NOW + minutes(90), occurrence="reminder")
        note(due_at=NOW + seconds(30), is_waiting=True, cause="another")
    wake("cause", now=NOW + seconds(2))
    assert calls == [waiting.pk]
    waiting.refresh_from_db()
    assert waiting.due_at == NOW + seconds(2)


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_said_not_yet_waits_to_be_woken(says, calls, smtp_server):
    says(NotYet(NOW + seconds(30)))
    with transaction.atomic():
        mail = note()
    sending.send(mail.pk, now=NOW)
    wake("cause", now=NOW + seconds(3))
    assert calls == [mail.pk, mail.pk]


@pytest.mark.django_db(transaction=True)
def test_a_failed_mail_can_be_sent_again(says, calls):
    with transaction.atomic():
        mail = note(due_at=NOW + seconds(1))
    context = {DELAYED_SINCE: NOW.isoformat(), PERHAPS_SENT: 1, "reason": "…"}
    OutgoingMail.objects.update(state=MailState.FAILED, attempts=53, error="550 no such user", context=context)
    assert send_again([mail], now=NOW + minutes(5)) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error, mail.context) == (MailState.QUEUED, 0, "", {"reason": "…"})
    assert calls == [mail.pk]


@pytest.mark.django_db(transaction=True)
def test_a_bounced_mail_is_sent_to_the_corrected_address_under_another_message_id(says, calls, smtp_server):
    says(Message(subject="s", body="b", to="wrong@mail.example"))
    with transaction.atomic():
        mail = note()
    sending.send(mail.pk, now=NOW)
    mail.refresh_from_db()
    first = mail.message_id
    assert mark_bounced(first, now=NOW + minutes(1)) == mail
    says(Message(subject="s", body="b", to="right@mail.example"))
    assert send_again([mail], now=NOW + minutes(5)) == 1
    sending.send(mail.pk, now=NOW + minutes(5))
    mail.refresh_from_db()
    assert (mail.state, mail.to, mail.bounced_at) == (MailState.SENT, "right@mail.example", None)
    assert mail.message_id != first
    assert mark_bounced(first, now=NOW + minutes(6)) is None


@pytest.mark.django_db
def test_the_first_report_of_a_bounce_counts():
    mail = OutgoingMail.objects.create(
        kind="note", cause="c", to="a@mail.example", due_at=NOW, state=MailState.SENT, message_id="<1@mail.example>"
    )
    for minute in (1, 2):
        assert mark_bounced("<1@mail.example>", now=NOW + minutes(minute)) == mail
    mail.refresh_from_db()
    assert (mail.state, mail.bounced_at) == (MailState.BOUNCED, NOW + minutes(1))


@pytest.mark.django_db
def test_a_report_without_a_message_id_bounces_nothing():
    mail = OutgoingMail.objects.create(kind="note", cause="c", to="a@mail.example", due_at=NOW, state=MailState.SENT)
    assert mark_bounced("", now=NOW) is None
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", [MailState.SENT, MailState.SENDING, MailState.QUEUED, MailState.SUPERSEDED])
def test_only_failed_mails_are_sent_again(says, calls, state):
    with transaction.atomic():
        mail = note(due_at=NOW + seconds(1))
    OutgoingMail.objects.update(state=state)
    assert send_again([mail], now=NOW) == 0
    assert not calls


@pytest.mark.django_db(transaction=True)
def test_a_secret_mail_is_not_sent_again(says, calls):
    with transaction.atomic():
        mail = note(due_at=NOW + seconds(1), is_secret=True)
    OutgoingMail.objects.update(state=MailState.FAILED)
    assert send_again([mail], now=NOW) == 0
