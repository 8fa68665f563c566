"""What makes earlier mails about a reservation untrue goes out before them, and they do not go out at all."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from booking.availability import Slot
from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.move import move_by_office
from booking.flows.no_show import decide_no_show, mark_office_absent
from booking.guest_access import passcode_of, personal_url
from booking.mails.reservations import queue_new_link, queue_reservation_mails
from booking.models import Guest, Reservation
from mailing.models import TO_BE_SENT, MailState, OutgoingMail
from mailing.periodic import sweep
from mailing.sending import claim, send
from mailing.tasks import send_mail
from tests.booking_mails.conftest import START
from tests.factories import NOW, UserFactory, jst
from tests.mailing.arrived import text_of

LATE = START + timedelta(minutes=15)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
REMINDERS = (MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR)


def cancelled_by_seeker(reservation: Reservation) -> None:
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)


def cancelled_by_office(reservation: Reservation) -> None:
    cancel_by_office(reservation, by=UserFactory(), reason="担当者が急病のため", now=NOW)


def not_come(reservation: Reservation) -> None:
    decide_no_show(reservation, by=UserFactory(), reason="来なかった", now=LATE)


def office_absent(reservation: Reservation) -> None:
    mark_office_absent(reservation, by=UserFactory(), reason="停電", now=LATE)


def move_to(starts_at: datetime) -> Callable[[Reservation], None]:
    def move(reservation: Reservation) -> None:
        slot = Slot(
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            counselor_ids=(reservation.counselor_id,),
        )
        move_by_office(reservation, slot=slot, by=UserFactory(), reason="担当者の研修のため", now=NOW)

    return move


TURNS = [
    pytest.param(cancelled_by_seeker, MailKind.CANCELLED_BY_SEEKER, NOW, id="cancelled by the seeker"),
    pytest.param(cancelled_by_office, MailKind.CANCELLED_BY_OFFICE, NOW, id="cancelled by the office"),
    pytest.param(not_come, MailKind.NO_SHOW, LATE, id="not come"),
    pytest.param(office_absent, MailKind.OFFICE_ABSENT, LATE, id="office absent"),
    pytest.param(move_to(START + DAY), MailKind.MOVED, NOW, id="moved"),
]


def mail_of(kind: str) -> OutgoingMail:
    return OutgoingMail.objects.get(kind=kind, occurrence="0")


def send_all(now: datetime) -> None:
    """As the sweeper and the workers do, until nothing is left to do."""
    while due := list(OutgoingMail.objects.due(now).in_turn(now).order_by("due_at", "pk")):
        for mail in due:
            send(mail.pk, now=now)


@pytest.mark.parametrize(("turn", "kind", "now"), TURNS)
def test_the_delayed_confirmation_is_not_sent_and_holds_up_nothing(book, smtp_server, turn, kind, now):
    reservation = book()
    delayed = OutgoingMail.objects.filter(kind=MailKind.CONFIRMED)
    delayed.update(state=MailState.DELAYED, due_at=now + 30 * MINUTE, is_waiting=False)
    turn(reservation)
    assert delayed.get().state == MailState.SUPERSEDED
    assert delayed.get().error
    latest = OutgoingMail.objects.get(kind=kind)
    send(latest.pk, now=now)
    latest.refresh_from_db()
    assert latest.state == MailState.SENT
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize(("turn", "kind", "now"), TURNS)
def test_nobody_is_reminded_afterwards(book, smtp_server, open_meeting, turn, kind, now):
    reservation = book()
    turn(reservation)
    before = OutgoingMail.objects.filter(kind__in=REMINDERS, occurrence="0")
    assert set(before.values_list("state", flat=True)) == {MailState.SUPERSEDED}


@pytest.mark.parametrize(("turn", "kind", "now"), TURNS)
def test_a_reminder_that_was_delayed_meanwhile_is_asked_once_more(book, smtp_server, monkeypatch, turn, kind, now):
    """The second guard: a row that was in a worker's hands is not superseded, but composed anew."""
    monkeypatch.setattr("booking.mails.base.supersede", lambda mail, **options: None)
    reservation = book()
    OutgoingMail.objects.exclude(kind=MailKind.REMINDER_HOUR).delete()
    turn(reservation)
    reminder = mail_of(MailKind.REMINDER_HOUR)
    OutgoingMail.objects.filter(pk=reminder.pk).update(state=MailState.DELAYED, due_at=START - 30 * MINUTE)
    send(reminder.pk, now=START - 30 * MINUTE)
    reminder.refresh_from_db()
    assert reminder.state == MailState.SUPERSEDED


def test_without_both_guards_somebody_is_reminded_of_what_was_cancelled(book, smtp_server, monkeypatch):
    monkeypatch.setattr("booking.mails.base.supersede", lambda mail, **options: None)
    monkeypatch.setattr("booking.mails.base.in_status", lambda mail, *statuses: Reservation.objects.get())
    monkeypatch.setattr("booking.mails.base.version_of", lambda reservation: "0")
    cancelled_by_seeker(book())
    OutgoingMail.objects.exclude(kind=MailKind.REMINDER_HOUR).delete()
    send(mail_of(MailKind.REMINDER_HOUR).pk, now=START - 30 * MINUTE)
    assert mail_of(MailKind.REMINDER_HOUR).state == MailState.SENT


def test_a_reminder_delayed_into_the_session_is_not_sent(book, smtp_server):
    book()
    OutgoingMail.objects.exclude(kind=MailKind.REMINDER_HOUR).delete()
    smtp_server.refuse_with = "451 later"
    reminder = mail_of(MailKind.REMINDER_HOUR)
    send(reminder.pk, now=START - timedelta(seconds=30))
    smtp_server.refuse_with = ""
    send(reminder.pk, now=START + MINUTE)
    assert mail_of(MailKind.REMINDER_HOUR).state == MailState.SUPERSEDED
    assert not smtp_server.messages


def test_who_was_moved_and_moved_back_is_reminded_once(book, smtp_server, open_meeting):
    reservation = book()
    open_meeting()
    move_to(START + DAY)(reservation)
    move_to(START)(Reservation.objects.with_facts().get())
    send_all(jst(6, 1, 15))
    send_all(jst(6, 2, 9))
    send_all(jst(6, 3, 9))
    reminders = OutgoingMail.objects.filter(kind__in=REMINDERS, state=MailState.SENT)
    assert sorted(reminders.values_list("kind", "occurrence")) == sorted((kind, "2") for kind in REMINDERS)


def test_what_is_on_its_way_goes_out_before_the_cancellation(book, smtp_server, open_meeting, monkeypatch):
    calls: list[int] = []
    monkeypatch.setattr(send_mail, "apply_async", lambda args, **options: calls.append(args[0]))
    open_meeting()
    reservation = book()
    confirmation = claim(mail_of(MailKind.CONFIRMED).pk, now=NOW)
    assert confirmation is not None
    cancelled_by_seeker(reservation)
    cancellation = OutgoingMail.objects.get(kind=MailKind.CANCELLED_BY_SEEKER)
    assert claim(cancellation.pk, now=NOW) is None
    sweep(now=NOW + MINUTE)
    assert cancellation.pk not in calls
    OutgoingMail.objects.filter(pk=confirmation.pk).update(state=MailState.SENT)
    assert claim(cancellation.pk, now=NOW) is not None


def test_a_late_link_is_told_whatever_the_time_is_by_now(book, smtp_server, open_meeting, reservation):
    """Its meeting stays the same when the time changes: else a link that was still to be told would be forgotten."""
    open_meeting()
    reservation.meetings.update(host=reservation.meeting_host_id, state=MeetingState.REQUESTED)
    queue_new_link(reservation, now=NOW)
    move_to(START + DAY)(reservation)
    reservation.meetings.update(state=MeetingState.OPEN)
    send_all(NOW + MINUTE)
    link = OutgoingMail.objects.get(kind=MailKind.NEW_LINK)
    assert link.state == MailState.SENT
    assert [OutgoingMail.objects.get(message_id=message["Message-ID"]).kind for message in smtp_server.messages] == [
        MailKind.MOVED,
        MailKind.NEW_LINK,
    ]


def test_the_confirmation_comes_before_the_reminder_also_after_an_outage(book, smtp_server, open_meeting):
    """Everything is due at once when the server is back."""
    open_meeting()
    book()
    send_all(jst(6, 2, 9, 30))
    kinds = dict(OutgoingMail.objects.values_list("message_id", "kind"))
    assert [kinds[message["Message-ID"]] for message in smtp_server.messages] == [
        MailKind.CONFIRMED,
        MailKind.REMINDER_HOUR,
    ]


def test_a_confirmation_that_waits_for_its_link_holds_up_no_reminder(book, smtp_server):
    book()
    send_all(jst(6, 2, 9))
    kinds = dict(OutgoingMail.objects.values_list("message_id", "kind"))
    assert [kinds[message["Message-ID"]] for message in smtp_server.messages] == [
        MailKind.LINK_FOLLOWS,
        MailKind.REMINDER_HOUR,
    ]
    assert mail_of(MailKind.CONFIRMED).state == MailState.QUEUED


@pytest.mark.requirement("S-33")
def test_the_ledger_does_not_keep_what_opens_a_reservation(reservation, open_meeting, smtp_server):
    Reservation.objects.update(seeker=None, guest=Guest.objects.create(email="guest@mail.example"))
    guest = Reservation.objects.with_facts().get()
    meeting = open_meeting()
    queue_reservation_mails(guest, now=NOW)
    mail = OutgoingMail.objects.get(kind=MailKind.CONFIRMED)
    send(mail.pk, now=NOW)
    mail.refresh_from_db()
    sent = text_of(smtp_server.messages[0])
    secrets = (passcode_of(guest), personal_url(guest), meeting.passcode)
    assert all(secret in sent for secret in secrets)
    kept = mail.body + "".join(attachment["content"] for attachment in mail.attachments).replace("\r\n ", "")
    assert not [secret for secret in secrets if secret in kept]
    assert guest.display_number in kept


def test_who_can_be_told_only_by_phone_has_nothing_left_in_the_ledger(book, reservation):
    book()
    reservation.seeker.email = ""
    reservation.seeker.save()
    cancelled_by_office(Reservation.objects.with_facts().get())
    assert not OutgoingMail.objects.filter(kind=MailKind.CANCELLED_BY_OFFICE)
    assert not OutgoingMail.objects.filter(state__in=TO_BE_SENT)
    assert Reservation.objects.get().status == ReservationStatus.CANCELLED_BY_OFFICE
