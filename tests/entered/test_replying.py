"""By reply: the place is kept until the office's deadline; the reply makes it firm, without it the request is void."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client

from booking.acts import acts_for
from booking.availability import Search, slot_at
from booking.enums import Action, MailKind, Origin, ReservationStatus
from booking.errors import BookingError
from booking.flows.answer import answer_by_link, mark_reply
from booking.flows.cancel import cancel_by_office
from booking.flows.enter import enter
from booking.flows.lapse import lapse
from booking.guest_access import token_of
from booking.mails.entry import REPLIES, reply_url
from booking.models import OnlineMeeting, Reservation
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from terms.consent import give_consent, missing_consents
from terms.models import TermsVersion
from tests.entered.conftest import TUESDAY, page
from tests.factories import NOW, change_rules, jst
from tests.mailing.arrived import only, text_of

SECOND = timedelta(seconds=1)
LATER = jst(6, 12, 11)
"""The session; the deadline of three days is long before it."""
DEADLINE = NOW + timedelta(days=3)


@pytest.fixture
def asked(take_down) -> Reservation:
    return enter(take_down(email="caller@mail.example", starts_at=LATER, waits_for_reply=True), now=NOW)[0]


@pytest.fixture
def asked_account(take_down, seeker) -> Reservation:
    return enter(take_down(person=seeker, starts_at=LATER, waits_for_reply=True), now=NOW)[0]


def address(reservation: Reservation) -> str:
    return f"/replies/{token_of(reservation, REPLIES)}/"


def ticks(client: Client, reservation: Reservation) -> dict[str, str]:
    return dict.fromkeys(client.get(address(reservation)).context["form"].fields, "on")


def status_of(reservation: Reservation) -> str:
    return Reservation.objects.get(pk=reservation.pk).status


def agree_to_everything(person) -> None:
    give_consent(person, versions=TermsVersion.objects.all(), language="ja", request=None)


@pytest.mark.requirement("K-19")
def test_it_waits_for_the_reply_and_keeps_the_place(asked, service):
    assert (asked.status, asked.origin) == (ReservationStatus.AWAITING_REPLY, Origin.REPLY)
    assert asked.hold_expires_at == DEADLINE
    assert not OnlineMeeting.objects.filter(reservation=asked).exists()
    free = slot_at(Search(service=service, now=NOW), LATER)
    assert free is not None
    assert asked.counselor_id not in free.counselor_ids
    assert [mail.kind for mail in OutgoingMail.objects.about(str(asked.uuid))] == [MailKind.REPLY_WANTED]


@pytest.mark.requirement("K-21")
def test_the_deadline_is_the_rule_of_the_day_of_entering(take_down, service):
    change_rules(service, reply_due_days=5)
    entry = take_down(email="caller@mail.example", starts_at=LATER, waits_for_reply=True)
    assert enter(entry, now=NOW)[0].hold_expires_at == NOW + timedelta(days=5)


def test_the_deadline_is_never_after_the_session(take_down):
    reservation, _rules = enter(take_down(waits_for_reply=True), now=NOW)
    assert reservation.hold_expires_at == TUESDAY


@pytest.mark.requirement("K-19", "K-21")
@pytest.mark.parametrize(
    "way", [answer_by_link, lambda row, now: mark_reply(row, by=None, now=now)], ids=["link", "staff"]
)
@pytest.mark.parametrize(
    ("moment", "is_firm"), [(DEADLINE - SECOND, True), (DEADLINE, False)], ids=["one second before", "at the deadline"]
)
def test_a_reply_counts_until_the_deadline(asked, service, moment, is_firm, way, agreed):
    if is_firm:
        way(asked, now=moment)
        assert status_of(asked) == ReservationStatus.CONFIRMED
        return
    with pytest.raises(BookingError) as refused:
        way(asked, now=moment)
    assert refused.value.code == "reply_too_late"
    assert status_of(asked) == ReservationStatus.AWAITING_REPLY


@pytest.fixture
def agreed(asked, service) -> None:
    agree_to_everything(asked.guest.subject)


@pytest.mark.requirement("K-21")
@pytest.mark.parametrize(
    ("moment", "status"),
    [(DEADLINE - SECOND, ReservationStatus.AWAITING_REPLY), (DEADLINE, ReservationStatus.LAPSED)],
    ids=["one second before", "at the deadline"],
)
def test_without_a_reply_it_is_void_at_the_deadline_and_the_person_is_told_once(asked, service, moment, status):
    lapse(asked.pk, now=moment)
    lapse(asked.pk, now=moment)
    is_void = status == ReservationStatus.LAPSED
    assert status_of(asked) == status
    assert OutgoingMail.objects.filter(kind=MailKind.LAPSED, to="caller@mail.example").count() == is_void
    free = slot_at(Search(service=service, now=moment), LATER)
    assert (asked.counselor_id in free.counselor_ids) == is_void


def test_a_reply_after_it_lapsed_is_too_late(asked):
    lapse(asked.pk, now=DEADLINE)
    with pytest.raises(BookingError) as refused:
        mark_reply(asked, by=None, now=DEADLINE)
    assert refused.value.code == "reply_too_late"


@pytest.mark.requirement("K-19")
def test_staff_mark_the_reply_and_its_agreement_once(asked, world, client_of):
    client = client_of(world.reception)
    for _twice in range(2):
        client.post(f"/admin/reservations/{asked.number}/reply-received/")
    event = asked.events.get(action=Action.CONFIRM)
    assert event.actor == world.reception
    assert "第6条(3)" in event.reason
    assert status_of(asked) == ReservationStatus.CONFIRMED
    assert OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).count() == 1
    assert OnlineMeeting.objects.filter(reservation=asked).count() == 1


def test_the_button_is_there_only_while_a_reply_counts(asked, world):
    slugs = [act.slug for act in acts_for(world.reception, asked, now=DEADLINE - SECOND)]
    assert "reply-received" in slugs
    assert "reply-received" not in [act.slug for act in acts_for(world.reception, asked, now=DEADLINE)]
    assert "reply-received" not in [act.slug for act in acts_for(world.reception, world.reservation, now=NOW)]


def test_the_mail_names_date_deadline_and_link(asked, smtp_server):
    mail = OutgoingMail.objects.get(kind=MailKind.REPLY_WANTED)
    send(mail.pk, now=NOW)
    text = text_of(only(smtp_server))
    for fact in ("2026年6月12日", "11:00", "2026年6月4日", "10:00", reply_url(asked)):
        assert fact in text


@pytest.mark.requirement("K-19", "S-24")
def test_the_mail_says_this(asked, smtp_server, snapshot, settings):
    settings.PORTAL_URL = "https://yoyaku.hellowork-sample.example"
    mail = OutgoingMail.objects.get(kind=MailKind.REPLY_WANTED)
    send(mail.pk, now=NOW)
    message = only(smtp_server)
    text = text_of(message).replace(asked.display_number, "ABCD-2345").replace(token_of(asked, REPLIES), "TOKEN")
    assert f"Subject: {message['Subject']}\n\n{text}".replace(asked.service.name, "オンライン職業相談") == snapshot


def test_an_answer_to_the_mail_reaches_the_office(asked, smtp_server):
    asked.office.email = "office@hellowork-sample.example"
    asked.office.save()
    send(OutgoingMail.objects.get(kind=MailKind.REPLY_WANTED).pk, now=NOW)
    message = only(smtp_server)
    assert message["Reply-To"] == "office@hellowork-sample.example"
    text = text_of(message).replace("\n", "")
    assert "このメールへの返信でも確定できます" in text
    assert "お答えできません" not in text


def test_the_mail_is_not_sent_after_the_deadline(asked, smtp_server):
    mail = OutgoingMail.objects.get(kind=MailKind.REPLY_WANTED)
    send(mail.pk, now=DEADLINE)
    mail.refresh_from_db()
    assert mail.state == MailState.SUPERSEDED


@pytest.mark.requirement("K-19")
def test_the_click_agrees_and_confirms_without_an_account(asked, client):
    response = client.post(address(asked), ticks(client, asked))
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.CONFIRMED
    assert response.url == f"/reservations/{asked.number}/passcode/"
    documents = [asked.service.terms, asked.service.software_terms]
    assert not missing_consents(asked.guest.subject, documents=documents, on=NOW.date())


def test_the_click_of_an_account_needs_no_sign_in_and_shows_nothing_more(asked_account, client):
    response = client.post(address(asked_account), ticks(client, asked_account), follow=True)
    assert status_of(asked_account) == ReservationStatus.CONFIRMED
    assert "予約が確定しました" in page(response)
    assert asked_account.events.get(action=Action.CONFIRM).actor == asked_account.seeker


def test_my_page_shows_it_among_the_coming_ones_and_leads_to_the_answer(asked_account, client):
    agree_to_everything(asked_account.seeker)
    client.force_login(asked_account.seeker)
    assert asked_account in client.get("/mypage/").context["coming"]
    response = client.get(f"/reservations/{asked_account.number}/")
    assert response.url == address(asked_account)


def test_who_agrees_to_nothing_confirms_nothing(asked, client):
    response = client.post(address(asked), {})
    assert "チェックを入れてください" in page(response)
    assert status_of(asked) == ReservationStatus.AWAITING_REPLY


def test_the_flow_itself_asks_for_the_consent(asked):
    with pytest.raises(BookingError) as refused:
        answer_by_link(asked, now=NOW)
    assert refused.value.code == "consent_missing"


def test_opening_the_link_changes_nothing(asked, client):
    assert client.get(address(asked)).status_code == HTTPStatus.OK
    assert status_of(asked) == ReservationStatus.AWAITING_REPLY


def test_the_person_may_step_back(asked, client):
    client.post(address(asked), {"do": "withdraw"})
    assert status_of(asked) == ReservationStatus.CANCELLED_BY_SEEKER


@pytest.mark.parametrize("moment", [DEADLINE, DEADLINE + timedelta(days=1)])
def test_the_page_says_that_it_is_too_late_and_how_to_go_on(asked, client, freeze, moment):
    form = ticks(client, asked)
    freeze(moment)
    response = client.post(address(asked), form)
    assert response.status_code == HTTPStatus.GONE
    assert "返信の期限が過ぎました" in page(response)
    assert asked.office.phone in page(response)
    assert status_of(asked) == ReservationStatus.AWAITING_REPLY


def test_the_page_after_the_office_cancelled(asked, client, world):
    cancel_by_office(asked, by=world.manager, reason="担当者が急病のため", now=NOW)
    response = client.get(address(asked))
    assert response.status_code == HTTPStatus.GONE
    assert "取り消されています" in page(response)


@pytest.mark.parametrize("token", ["unknown", "0" * 32, "0" * 32 + ".forged"])
def test_a_forged_link_leads_nowhere(client, asked, token):
    assert client.get(f"/replies/{token}/").status_code == HTTPStatus.NOT_FOUND


def test_a_link_of_another_purpose_leads_nowhere(client, asked, world):
    assert client.get(f"/replies/{token_of(asked, 'other')}/").status_code == HTTPStatus.NOT_FOUND
    assert client.get(address(world.reservation)).status_code == HTTPStatus.NOT_FOUND
