"""What was mailed is read on the person's own pages too: a lost mail loses nothing (H-03)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.mails import reservations as mails
from booking.mails.consequences import queue_warning
from booking.messages_shown import TOLD_TO_THE_PERSON, messages_about
from booking.models import OnlineMeeting, Reservation
from mailing.models import MailState, OutgoingMail
from mailing.periodic import purge
from mailing.sending import send
from tests.factories import NOW, ReservationFactory, SeekerFactory, TermsVersionFactory, jst
from tests.seeker.conftest import agree

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("H-03")]

MEETING_ID = "987 6543 2109"
PASSCODE = "135790"
END = jst(6, 2, 10, 30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def reservation(service, seeker) -> Reservation:
    """Tuesday 2026-06-02 10:00 to 10:30, with an open meeting; the mails are in the ledger, none is sent yet."""
    agree(seeker, [service.terms, service.software_terms])
    made = ReservationFactory.create(service=service, counselor=service.counselors.first(), seeker=seeker)
    OnlineMeeting.objects.create(
        reservation=made,
        software="zoom",
        state=MeetingState.OPEN,
        host="host@zoom.example",
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        meeting_id="98765432109",
        join_url="https://zoom.us/j/98765432109",
        passcode=PASSCODE,
        requested_at=NOW,
        next_attempt_at=NOW,
    )
    with transaction.atomic():
        mails.queue_reservation_mails(made, now=NOW)
    return made


def send_kind(kind: MailKind, *, at: datetime = NOW) -> OutgoingMail:
    mail = OutgoingMail.objects.get(kind=kind)
    send(mail.pk, now=at)
    mail.refresh_from_db()
    return mail


def page(client: Client, reservation: Reservation) -> Any:
    return client.get(reverse("booking:reservation", args=[reservation.number]))


def shown(client: Client, reservation: Reservation) -> dict[str, Any]:
    return {message.subject: message for message in page(client, reservation).context["mails"]}


def told(client: Client, reservation: Reservation, part: str) -> Any:
    """The message whose subject has this part."""
    (message,) = [message for subject, message in shown(client, reservation).items() if part in subject]
    return message


def test_a_mail_that_went_out_can_be_read_as_it_was_sent(signed_in, reservation, smtp_server):
    mail = send_kind(MailKind.CONFIRMED)
    message = told(signed_in, reservation, "予約が確定しました")
    assert (message.text, message.state, message.at) == (mail.body, "送りました", NOW)
    html = page(signed_in, reservation).content.decode()
    assert "<details" in html
    assert f"ミーティングID: {MEETING_ID}" in message.text
    assert "「●●●●●●」のところは" in html  # the ledger keeps no passcode
    assert PASSCODE in html


@pytest.mark.requirement("X-06")
def test_a_mail_that_did_not_arrive_can_be_read_and_names_its_address(signed_in, reservation, seeker, smtp_server):
    smtp_server.refuse_recipients[seeker.email] = "550 5.1.1 unknown"
    assert send_kind(MailKind.CONFIRMED).state == MailState.FAILED
    message = told(signed_in, reservation, "予約が確定しました")
    assert message.state == "届きませんでした"
    assert f"ミーティングID: {MEETING_ID}" in message.text
    assert f"送り先は {seeker.email} です。" in page(signed_in, reservation).content.decode()
    assert "メールが届きませんでした" in signed_in.get(reverse("booking:my_page")).content.decode()


def test_a_mail_that_came_back_is_told_until_somebody_called(signed_in, reservation, smtp_server):
    send_kind(MailKind.CONFIRMED)
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(state=MailState.BOUNCED, bounced_at=NOW)
    assert told(signed_in, reservation, "予約が確定しました").state == "届きませんでした"
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(told_at=NOW)
    assert told(signed_in, reservation, "予約が確定しました").state == "届きませんでした。お電話でお伝えしました。"
    assert "メールが届きませんでした" not in signed_in.get(reverse("booking:my_page")).content.decode()


def test_my_page_has_no_warning_when_all_arrived(signed_in, reservation, smtp_server):
    send_kind(MailKind.CONFIRMED)
    assert "メールが届きませんでした" not in signed_in.get(reverse("booking:my_page")).content.decode()


def test_what_is_still_to_come_is_told_without_a_text(signed_in, reservation):
    reminder = told(signed_in, reservation, "前日のお知らせ")
    assert (reminder.state, reminder.at, reminder.text) == ("これから送ります", jst(6, 1, 15), "")


def test_a_mail_that_perhaps_never_goes_out_is_not_announced(reservation):
    OnlineMeeting.objects.update(state=MeetingState.REQUESTED)
    OutgoingMail.objects.all().delete()
    with transaction.atomic():
        mails.queue_reservation_mails(reservation, now=NOW)
    kinds = [message.subject for message in messages_about(reservation, shows_access=True)]
    assert OutgoingMail.objects.filter(kind=MailKind.LINK_FOLLOWS).exists()
    assert kinds == ["予約確定のお知らせ", "前日のお知らせ", "1時間前のお知らせ"]


@pytest.mark.parametrize(
    "change",
    [{"status": ReservationStatus.CANCELLED_BY_SEEKER}, {"calendar_sequence": 1}],
    ids=["cancelled", "moved"],
)
def test_reminders_of_what_is_no_more_are_not_announced(signed_in, reservation, change):
    Reservation.objects.update(**change)
    assert shown(signed_in, reservation) == {}


@pytest.mark.requirement("S-06")
@pytest.mark.parametrize(
    ("now", "is_told"), [(END - SECOND, True), (END, False)], ids=["one second before the end", "at the end"]
)
def test_after_the_session_no_message_tells_how_to_enter(signed_in, reservation, smtp_server, freeze, now, is_told):
    send_kind(MailKind.CONFIRMED)
    freeze(now)
    message = told(signed_in, reservation, "予約が確定しました")
    assert (MEETING_ID in message.text) is is_told
    html = page(signed_in, reservation).content.decode()
    assert (MEETING_ID in html, PASSCODE in html) == (is_told, is_told)
    assert (message.without_text == "") is is_told


@pytest.mark.requirement("S-37")
def test_who_has_not_agreed_to_the_new_terms_reads_nothing_to_enter_by(signed_in, reservation, smtp_server):
    send_kind(MailKind.CONFIRMED)
    TermsVersionFactory.create(document=reservation.service.terms, number=2, needs_consent=True)
    assert MEETING_ID not in page(signed_in, reservation).content.decode()


def test_a_cancelled_reservation_tells_its_cancellation_and_no_way_in(signed_in, reservation, smtp_server):
    send_kind(MailKind.CONFIRMED)
    Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_OFFICE)
    with transaction.atomic():
        mails.queue_cancellation(reservation, by_office=True, reason="相談員の急な不在", now=NOW)
    send_kind(MailKind.CANCELLED_BY_OFFICE)
    assert "相談員の急な不在" in told(signed_in, reservation, "行えなくなりました").text
    assert MEETING_ID not in page(signed_in, reservation).content.decode()


def test_contents_that_were_erased_leave_the_subject(signed_in, reservation, smtp_server, freeze):
    send_kind(MailKind.CONFIRMED)
    later = jst(6, 1) + portal_settings.RETENTION["mail_content"] + timedelta(days=2)
    purge(now=later)
    message = told(signed_in, reservation, "予約確定のお知らせ")
    assert (message.text, message.state) == ("", "送りました")
    assert message.without_text == "お送りしてから時間がたったため、本文は消去しました。"


def test_a_mail_that_was_not_needed_is_never_told_not_even_erased(signed_in, reservation, smtp_server):
    OutgoingMail.objects.filter(kind=MailKind.REMINDER_DAY).update(state=MailState.SUPERSEDED, subject="要らない")
    assert "要らない" not in shown(signed_in, reservation)
    purge(now=NOW + portal_settings.RETENTION["mail_content"] + timedelta(days=9))
    assert "前日のお知らせ" not in shown(signed_in, reservation)


@pytest.mark.parametrize(
    "change",
    [{"is_secret": True}, {"kind": MailKind.DECISION_WANTED}, {"cause": "another"}],
    ids=["a key to the address", "to the office", "of somebody else"],
)
def test_what_is_not_for_this_page_is_not_told(signed_in, reservation, smtp_server, change):
    send_kind(MailKind.CONFIRMED)
    assert told(signed_in, reservation, "予約が確定しました")
    OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).update(**change)
    assert not [subject for subject in shown(signed_in, reservation) if "予約が確定しました" in subject]


def test_nobody_else_reads_the_messages(client, reservation, smtp_server):
    send_kind(MailKind.CONFIRMED)
    client.force_login(SeekerFactory.create())
    assert page(client, reservation).status_code != 200


def test_markup_in_a_mail_stays_text(signed_in, reservation, smtp_server):
    Reservation.objects.update(name="<script>alert(1)</script>")
    send_kind(MailKind.CONFIRMED)
    html = page(signed_in, reservation).content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_every_kind_of_mail_is_for_the_person_or_named_here():
    """A new kind is shown to nobody until somebody decides it."""
    hidden = {MailKind.CONFIRM_ADDRESS, MailKind.RESTRICTED}
    to_the_office = {MailKind.DECISION_WANTED}
    assert set(MailKind) - TOLD_TO_THE_PERSON == hidden | to_the_office


def test_the_messages_cost_one_query_however_many_there_are(reservation, smtp_server, django_assert_num_queries):
    send_kind(MailKind.CONFIRMED)
    Reservation.objects.update(status=ReservationStatus.NO_SHOW)
    reservation.refresh_from_db()
    with transaction.atomic():
        mails.queue_no_show(reservation, now=NOW)
        queue_warning(reservation, now=NOW)
    with django_assert_num_queries(1):
        assert len(messages_about(reservation, shows_access=True)) > 1
