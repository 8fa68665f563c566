from datetime import time

import pytest
from django.urls import reverse
from icalendar import Calendar

from booking.enums import CancelChannel, MeetingState, ReservationStatus
from booking.models import OnlineMeeting, Reservation
from tests.factories import NOW, ReservationFactory, SeekerFactory, change_rules, jst
from tests.seeker.conftest import agree

PAGES = ["reservation", "done", "cancel", "join", "calendar_file"]
JOIN_URL = "https://zoom.us/j/98765432109?pwd=abc"


@pytest.fixture
def reservation(service, seeker):
    """Tuesday 2026-06-02 10:00 to 10:30, of somebody who agreed to the terms."""
    agree(seeker, [service.terms, service.software_terms])
    return ReservationFactory.create(service=service, counselor=service.counselors.first(), seeker=seeker)


@pytest.fixture
def meeting(reservation):
    return OnlineMeeting.objects.create(
        reservation=reservation,
        software="zoom",
        state=MeetingState.OPEN,
        host="host@zoom.example",
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        meeting_id="98765432109",
        join_url=JOIN_URL,
        passcode="135790",
        requested_at=NOW,
        next_attempt_at=NOW,
    )


def url(name, reservation):
    return reverse(f"booking:{name}", args=[reservation.number])


def text(client, name, reservation):
    return client.get(url(name, reservation)).content.decode()


# --- My page ---


def test_my_page_names_what_is_left_to_do(signed_in, reservation):
    assert "参加する・内容を見る" in signed_in.get(reverse("booking:my_page")).content.decode()
    reservation.status, reservation.hold_expires_at = ReservationStatus.AWAITING_REPLY, jst(6, 2, 9)
    reservation.save(update_fields=["status", "hold_expires_at"])
    page = signed_in.get(reverse("booking:my_page")).content.decode()
    assert "返事をする" in page
    assert "参加する・内容を見る" not in page


@pytest.mark.requirement("H-21")
def test_the_page_shows_what_was_answered_to_the_office(signed_in, reservation):
    Reservation.objects.filter(pk=reservation.pk).update(answers=[["相談の種類", "面接"]])
    page = text(signed_in, "reservation", reservation)
    assert "相談の種類" in page
    assert "面接" in page


def test_my_page_parts_coming_from_past_reservations(signed_in, reservation, service, seeker):
    cancelled = ReservationFactory.create(
        service=service,
        counselor=service.counselors.last(),
        seeker=seeker,
        starts_at=jst(6, 3, 10),
        status=ReservationStatus.CANCELLED_BY_SEEKER,
    )
    context = signed_in.get(reverse("booking:my_page")).context
    assert list(context["coming"]) == [reservation]
    assert list(context["past"]) == [cancelled]


@pytest.mark.parametrize(("moment", "is_coming"), [(jst(6, 2, 10, 29, 59), True), (jst(6, 2, 10, 30), False)])
def test_a_reservation_is_coming_until_its_end(signed_in, reservation, freeze, moment, is_coming):
    freeze(moment)
    assert bool(signed_in.get(reverse("booking:my_page")).context["coming"]) is is_coming


def test_bare_holds_are_no_reservations(way):
    held = way.hold(jst(6, 2, 10))
    context = way.client.get(reverse("booking:my_page")).context
    assert (list(context["coming"]), list(context["past"]), context["held"]) == ([], [], held)


def test_my_page_needs_a_sign_in(client, db):
    assert client.get(reverse("booking:my_page")).url.startswith(reverse("account_login"))


# --- Who may see what ---


@pytest.mark.parametrize("name", PAGES)
def test_another_persons_reservation_does_not_exist(client, portal_terms, reservation, name):
    stranger = SeekerFactory.create()
    agree(stranger, [portal_terms.document])
    client.force_login(stranger)
    assert client.get(url(name, reservation)).status_code == 404
    if name in ("cancel", "join"):
        assert client.post(url(name, reservation)).status_code == 404
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CONFIRMED


@pytest.mark.parametrize("name", PAGES)
def test_a_reservation_needs_a_sign_in(client, reservation, name):
    assert client.get(url(name, reservation)).url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_reading_never_changes_a_reservation(signed_in, reservation, meeting, freeze, name):
    freeze("2026-06-02 10:00")
    before = list(Reservation.objects.values())
    signed_in.get(url(name, reservation))
    assert list(Reservation.objects.values()) == before


SAID = [
    (ReservationStatus.CANCELLED_BY_SEEKER, "取消済み"),
    (ReservationStatus.CANCELLED_BY_OFFICE, "ハローワークの都合で取消"),
    (ReservationStatus.NO_SHOW, "参加なし"),
    (ReservationStatus.COMPLETED, "終了"),
]


@pytest.mark.parametrize(("status", "words"), SAID)
def test_the_state_is_said_kindly_and_the_way_to_book_again_given(signed_in, reservation, status, words):
    Reservation.objects.update(status=status)
    page = text(signed_in, "reservation", reservation)
    assert words in page
    assert "無断欠席" not in page
    assert reverse("booking:times", args=[reservation.service_id]) in page


# --- Joining ---

JOIN_MOMENTS = [
    pytest.param(jst(6, 2, 9, 49, 59), False, id="one second before it opens"),
    pytest.param(jst(6, 2, 9, 50), True, id="ten minutes before the start"),
    pytest.param(jst(6, 2, 10, 29, 59), True, id="one second before the end"),
    pytest.param(jst(6, 2, 10, 30), False, id="at the end"),
]


@pytest.mark.parametrize(("moment", "works"), JOIN_MOMENTS)
@pytest.mark.requirement("S-06")
def test_the_join_button_works_from_ten_minutes_before_until_the_end(
    signed_in, reservation, meeting, freeze, moment, works
):
    freeze(moment)
    assert (f'action="{url("join", reservation)}"' in text(signed_in, "reservation", reservation)) is works
    answer = signed_in.post(url("join", reservation))
    assert (answer.url == JOIN_URL) is works
    reservation.refresh_from_db()
    assert (reservation.checked_in_at is not None) is works


def test_before_it_opens_the_page_says_from_when(signed_in, reservation, meeting):
    assert "2026年6月2日(火) 9:50" in text(signed_in, "reservation", reservation)


@pytest.mark.requirement("H-03", "H-04")
def test_the_owner_sees_the_meeting_number_in_groups_and_the_passcode(signed_in, reservation, meeting):
    page = text(signed_in, "reservation", reservation)
    assert "987 6543 2109" in page
    assert "135790" in page
    assert JOIN_URL not in page


def test_after_the_session_the_meeting_is_no_longer_shown(signed_in, reservation, meeting, freeze):
    freeze("2026-06-02 10:30")
    assert "135790" not in text(signed_in, "reservation", reservation)


def test_joining_twice_leads_to_the_meeting_again(signed_in, reservation, meeting, freeze):
    freeze("2026-06-02 10:00")
    assert [signed_in.post(url("join", reservation)).url for _again in range(2)] == [JOIN_URL, JOIN_URL]


@pytest.mark.requirement("K-24")
def test_who_comes_before_the_meeting_is_open_is_checked_in_and_told_to_wait(signed_in, reservation, freeze):
    freeze("2026-06-02 10:00")
    answer = signed_in.post(url("join", reservation), follow=True)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CHECKED_IN
    page = answer.content.decode()
    assert "参加用のリンクを準備しています" in page
    assert reservation.office.phone in page


ENDED = [
    ReservationStatus.CANCELLED_BY_SEEKER,
    ReservationStatus.CANCELLED_BY_OFFICE,
    ReservationStatus.NO_SHOW,
    ReservationStatus.COMPLETED,
]


@pytest.mark.parametrize("status", ENDED)
def test_a_reservation_that_ended_leads_nowhere(signed_in, reservation, meeting, freeze, status):
    Reservation.objects.update(status=status)
    freeze("2026-06-02 10:00")
    assert signed_in.post(url("join", reservation)).url == url("reservation", reservation)
    page = text(signed_in, "reservation", reservation)
    assert "135790" not in page
    assert url("join", reservation) not in page


def test_the_join_form_may_lead_to_the_meeting_software(signed_in, reservation, meeting, freeze):
    freeze("2026-06-02 10:00")
    policy = signed_in.get(url("reservation", reservation)).headers["Content-Security-Policy"]
    form_action = next(part for part in policy.split(";") if "form-action" in part)
    assert "'self'" in form_action
    assert {"zoom.us", "*.zoom.us"} <= set(form_action.split())


# --- Cancelling ---


def test_cancelling_asks_once_more_and_then_cancels(signed_in, reservation):
    assert "この予約を取り消しますか" in text(signed_in, "cancel", reservation)
    answer = signed_in.post(url("cancel", reservation), follow=True)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED_BY_SEEKER
    assert "予約を取り消しました" in answer.content.decode()


CUT_OFF = [
    pytest.param(jst(6, 1, 16, 59, 59), True, id="one second before the cut-off"),
    pytest.param(jst(6, 1, 17), False, id="at the cut-off"),
]


@pytest.mark.parametrize(("moment", "works"), CUT_OFF)
@pytest.mark.requirement("K-23")
def test_after_the_cut_off_the_page_gives_phone_and_hours_instead_of_a_button(
    signed_in, reservation, service, freeze, moment, works
):
    change_rules(service, cancel_closes_days_before=1, cancel_closes_at=time(17))
    freeze(moment)
    page = text(signed_in, "cancel", reservation)
    assert ("この予約を取り消す</button>" in page) is works
    assert service.office.phone in page
    assert service.office.contact_hours in page
    signed_in.post(url("cancel", reservation))
    reservation.refresh_from_db()
    assert (reservation.status == ReservationStatus.CANCELLED_BY_SEEKER) is works


def test_a_service_that_cancels_by_phone_offers_no_button(signed_in, reservation, service):
    change_rules(service, cancel_channel=CancelChannel.PHONE)
    assert "取り消す</button>" not in text(signed_in, "cancel", reservation)
    answer = signed_in.post(url("cancel", reservation))
    assert answer.status_code == 409
    assert service.office.phone in answer.content.decode()
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CONFIRMED


def test_who_has_checked_in_is_no_longer_asked_to_cancel(signed_in, reservation, meeting, freeze):
    freeze("2026-06-02 10:00")
    signed_in.post(url("join", reservation))
    page = text(signed_in, "reservation", reservation)
    assert url("cancel", reservation) not in page
    assert "取り消すとき" not in page


def test_cancelling_twice_is_politely_refused(signed_in, reservation):
    signed_in.post(url("cancel", reservation))
    assert signed_in.post(url("cancel", reservation)).status_code == 409


# --- Calendar file ---


def test_the_calendar_file_is_published_without_attendee(signed_in, reservation):
    answer = signed_in.get(url("calendar_file", reservation))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    calendar = Calendar.from_ical(answer.content)
    event = calendar.walk("VEVENT")[0]
    assert calendar["method"] == "PUBLISH"
    assert "attendee" not in event
    assert event["dtstart"].dt == reservation.starts_at


def test_personal_pages_are_not_stored(signed_in, reservation):
    assert "no-store" in signed_in.get(url("reservation", reservation)).headers["Cache-Control"]
