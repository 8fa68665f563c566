"""Of one cause one mail at a time, in the order in which they were written; what makes the others untrue overtakes them."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from mailing import sending
from mailing.composers import NotYet
from mailing.models import OVERTAKES, MailState, OutgoingMail
from mailing.periodic import sweep
from mailing.queue import queue_mails, supersede
from mailing.sending import claim, send
from mailing.tasks import send_mail
from tests.factories import NOW
from tests.mailing.rows import note
from tests.mailing.times import minutes, seconds

pytestmark = pytest.mark.django_db


def second(**changes) -> OutgoingMail:
    return note(occurrence="2", **changes)


@pytest.mark.parametrize(
    ("before", "goes"),
    [
        ({"state": MailState.QUEUED}, False),
        ({"state": MailState.SENDING}, False),
        ({"state": MailState.DELAYED, "due_at": NOW + minutes(30)}, False),
        ({"state": MailState.QUEUED, "due_at": NOW + seconds(1)}, True),
        ({"state": MailState.QUEUED, "is_waiting": True}, True),
        ({"state": MailState.SENT}, True),
        ({"state": MailState.FAILED}, True),
        ({"state": MailState.BOUNCED}, True),
        ({"state": MailState.SUPERSEDED}, True),
        ({"state": MailState.PURGED}, True),
        ({"state": MailState.SENDING, "cause": "another"}, True),
    ],
    ids=[
        "due",
        "on its way",
        "delayed",
        "due in a second",
        "waits to be woken",
        "sent",
        "failed for good",
        "bounced",
        "superseded",
        "purged",
        "on its way, of another cause",
    ],
)
def test_a_mail_goes_out_when_the_one_before_is_done_with_or_not_yet_due(before, goes):
    note(**before)
    mail = second()
    assert (claim(mail.pk, now=NOW) is not None) is goes


@pytest.mark.parametrize(
    ("after", "goes"),
    [(MailState.QUEUED, True), (MailState.DELAYED, True), (MailState.SENDING, False)],
)
def test_the_one_that_was_written_first_waits_only_for_what_is_on_its_way(after, goes):
    mail = note()
    second(state=after)
    assert (claim(mail.pk, now=NOW) is not None) is goes


def test_the_sweeper_calls_nobody_for_a_mail_whose_turn_it_is_not(monkeypatch):
    calls: list[int] = []
    monkeypatch.setattr(send_mail, "apply_async", lambda args, **options: calls.append(args[0]))
    first = note()
    second()
    other = note(cause="another")
    sweep(now=NOW)
    assert sorted(calls) == [first.pk, other.pk]


def test_each_mail_names_the_next(says, smtp_server):
    first, after, later = note(), second(), note(occurrence="3", due_at=NOW + minutes(1))
    assert send(first.pk, now=NOW) == after.pk
    assert send(after.pk, now=NOW) is None
    assert send(later.pk, now=NOW + minutes(1)) is None
    assert len(smtp_server.messages) == 3


def test_a_mail_that_says_not_yet_lets_the_next_go(says, smtp_server):
    says(NotYet(NOW + seconds(30)))
    first, after = note(), second()
    assert send(first.pk, now=NOW) == after.pk


def test_a_mail_refused_for_good_lets_the_next_go(says, smtp_server):
    smtp_server.refuse_recipients["gone@mail.example"] = "550 no such user"
    first, after = note(to="gone@mail.example"), second()
    assert send(first.pk, now=NOW) == after.pk


@pytest.mark.django_db(transaction=True)
def test_after_one_mail_a_worker_is_called_for_the_next(says, smtp_server, monkeypatch):
    calls: list[int] = []
    monkeypatch.setattr(send_mail, "apply_async", lambda args, **options: calls.append(args[0]))
    first, after = note(), second()
    send_mail(first.pk)
    assert calls == [after.pk]


def test_a_delayed_mail_is_tried_when_the_next_one_is_due(says, smtp_server):
    """Else the reminder would wait for the end of the confirmation's pause."""
    smtp_server.refuse_with = "451 try again"
    first = note(attempts=6)
    second(due_at=NOW + minutes(7))
    send(first.pk, now=NOW)
    first.refresh_from_db()
    assert first.due_at == NOW + minutes(7)


# --- Overtaking -----------------------------------------------------------------------------------------------------


def cancel(**changes) -> OutgoingMail:
    mail = OutgoingMail(
        **{"kind": "note", "cause": "cause", "occurrence": "cancel", "to": "a@mail.example", "due_at": NOW, **changes}
    )
    supersede(mail, reason="cancelled")
    queue_mails([mail], now=NOW)
    return OutgoingMail.objects.get(cause=mail.cause, occurrence=mail.occurrence)


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (MailState.QUEUED, MailState.SUPERSEDED),
        (MailState.DELAYED, MailState.SUPERSEDED),
        (MailState.SENDING, MailState.SENDING),
        (MailState.SENT, MailState.SENT),
        (MailState.FAILED, MailState.FAILED),
        (MailState.BOUNCED, MailState.BOUNCED),
    ],
)
def test_what_is_unsent_is_superseded_with_the_reason(says, state, after):
    before = note(state=state, due_at=NOW + minutes(30))
    cancel()
    before.refresh_from_db()
    assert before.state == after
    assert (before.error == "cancelled") is (after == MailState.SUPERSEDED)


def test_only_the_named_kinds_of_this_cause_are_superseded(says):
    link, other = note(kind="link"), note(cause="another")
    before = note()
    mail = OutgoingMail(kind="note", cause="cause", occurrence="moved", to="a@mail.example", due_at=NOW)
    supersede(mail, reason="moved", kinds=["note"])
    states = OutgoingMail.objects.in_bulk([link.pk, other.pk, before.pk])
    assert [states[row.pk].state for row in (link, other, before)] == [
        MailState.QUEUED,
        MailState.QUEUED,
        MailState.SUPERSEDED,
    ]


def test_a_mail_that_is_queued_twice_does_not_supersede_itself(says):
    first = cancel()
    assert cancel() == first
    first.refresh_from_db()
    assert first.state == MailState.QUEUED


def test_a_secret_that_is_superseded_is_forgotten(says):
    before = note(is_secret=True, body="https://x.example/key")
    cancel()
    before.refresh_from_db()
    assert before.body == ""


def test_a_cancellation_waits_for_what_is_on_its_way_and_for_nothing_else(says, smtp_server):
    on_its_way = note()
    claimed = claim(on_its_way.pk, now=NOW)
    mail = cancel()
    assert claim(mail.pk, now=NOW) is None
    smtp_server.refuse_with = "451 try again"
    sending._deliver(claimed, sending.compose(claimed, now=NOW), now=NOW)
    on_its_way.refresh_from_db()
    assert on_its_way.state == MailState.DELAYED
    smtp_server.refuse_with = ""
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.context[OVERTAKES]) == (MailState.SENT, True)


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_that_is_rolled_back_leaves_the_others_to_be_sent(says):
    before = note(due_at=NOW + minutes(30))
    with transaction.atomic():
        cancel()
        transaction.set_rollback(True)
    before.refresh_from_db()
    assert before.state == MailState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_not_claimed_while_it_is_being_superseded(says):
    """The worker waits for the end of the booking's transaction and then sees what it did."""
    before = note()
    claimed: list[OutgoingMail | None] = []
    with transaction.atomic():
        cancel()
        worker = in_thread(lambda: claimed.append(claim(before.pk, now=NOW)))
        worker.join(timeout=0.5)
        assert worker.is_alive()
    worker.join(timeout=10)
    assert claimed == [None]


# --- Races ----------------------------------------------------------------------------------------------------------


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def claimed_at_once(mails: list[OutgoingMail]) -> list[int]:
    barrier, claimed = threading.Barrier(len(mails)), []

    def work(mail: OutgoingMail) -> None:
        barrier.wait(timeout=10)
        if claim(mail.pk, now=NOW):
            claimed.append(mail.pk)

    for thread in [in_thread(lambda mail=mail: work(mail)) for mail in mails]:
        thread.join(timeout=30)
    return claimed


@pytest.fixture
def two_that_wait_for_nothing() -> list[OutgoingMail]:
    return [note(occurrence=str(number), context={OVERTAKES: True}) for number in range(2)]


@pytest.fixture
def claims_that_overlap(monkeypatch) -> None:
    """Both look before either writes."""
    both_looked = threading.Barrier(2)
    save = OutgoingMail.save

    def save_late(mail, **options):
        with contextlib.suppress(threading.BrokenBarrierError):
            both_looked.wait(timeout=0.5)
        save(mail, **options)

    monkeypatch.setattr(OutgoingMail, "save", save_late)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_have_two_mails_of_one_cause(two_that_wait_for_nothing, claims_that_overlap):
    assert len(claimed_at_once(two_that_wait_for_nothing)) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_on_the_cause_they_would(two_that_wait_for_nothing, claims_that_overlap, monkeypatch):
    monkeypatch.setattr(sending, "lock_cause", lambda cause: None)
    assert len(claimed_at_once(two_that_wait_for_nothing)) == 2


@pytest.mark.django_db(transaction=True)
def test_mails_of_many_causes_all_go_out_each_cause_in_its_order(says, smtp_server):
    """Workers that are called in any order: who is refused is called again by the one before, or by the sweeper."""
    mails = [note(cause=f"cause {cause}", occurrence=str(turn)) for turn in range(3) for cause in range(4)]
    for _round in range(3):
        threads = [in_thread(lambda mail=mail: send(mail.pk, now=NOW)) for mail in reversed(mails)]
        for thread in threads:
            thread.join(timeout=60)
    sent = {mail.message_id: mail for mail in OutgoingMail.objects.filter(state=MailState.SENT)}
    arrived = [sent[message["Message-ID"]] for message in smtp_server.messages]
    assert len(arrived) == len(mails)
    for cause in {mail.cause for mail in mails}:
        assert [mail.occurrence for mail in arrived if mail.cause == cause] == ["0", "1", "2"]


@pytest.mark.django_db(transaction=True)
def test_one_occurrence_queued_at_once_by_many_is_one_mail(says):
    barrier = threading.Barrier(4)

    def queue() -> None:
        barrier.wait(timeout=10)
        with transaction.atomic():
            queue_mails([OutgoingMail(kind="note", cause="cause", to="a@mail.example", due_at=NOW)], now=NOW)

    for thread in [in_thread(queue) for _number in range(4)]:
        thread.join(timeout=30)
    assert OutgoingMail.objects.count() == 1
