"""届いていないメール: what stands in the list of an office, in which order, and when it leaves it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from booking.agenda import day_list
from booking.clock import day_of
from booking.enums import MailKind, ReservationStatus
from booking.flows.arrange import Wishes, request_session
from booking.mails.reservations import queue_reservation_mails
from booking.undelivered import LONG_DELAY, SOON, undelivered_at, undelivered_count
from mailing.models import DELAYED_SINCE, MailState, OutgoingMail
from tests.arranged.conftest import DETAILS
from tests.bounces.lost import lost
from tests.factories import NOW, ReservationFactory, SeekerFactory, bookable_service, jst
from tests.staff.conftest import client_of, now, world

__all__ = ["client_of", "now", "world"]


def listed(world, *, by=None, moment=NOW) -> list:
    rows = undelivered_at(by or world.reception, office=world.office, now=moment)
    assert undelivered_count(by or world.reception, office=world.office, now=moment) == len(rows)
    return [row.about for row in rows]


def another(world, **changes):
    return ReservationFactory(service=world.reservation.service, counselor=world.jiro, **changes)


@pytest.mark.requirement("S-25")
@pytest.mark.parametrize("state", [MailState.FAILED, MailState.BOUNCED])
def test_a_mail_that_did_not_arrive_is_listed(world, state):
    lost(world.reservation, state=state)
    assert listed(world) == [world.reservation]


@pytest.mark.parametrize(
    "state", [MailState.QUEUED, MailState.SENDING, MailState.SENT, MailState.SUPERSEDED, MailState.PURGED]
)
def test_no_other_mail_is(world, state):
    lost(world.reservation, state=state)
    assert listed(world) == []


@pytest.mark.parametrize(
    ("put_off", "is_listed"),
    [(LONG_DELAY, True), (LONG_DELAY - timedelta(seconds=1), False)],
    ids=["for an hour", "one second less"],
)
def test_a_mail_that_servers_put_off_is_listed_after_an_hour(world, put_off, is_listed):
    lost(world.reservation, state=MailState.DELAYED, context={DELAYED_SINCE: (NOW - put_off).isoformat()})
    assert bool(listed(world)) is is_listed


@pytest.mark.requirement("X-14")
def test_the_earliest_session_comes_first_whenever_its_mail_failed(world):
    later = another(world, starts_at=jst(6, 9, 10))
    sooner = another(world, starts_at=jst(6, 1, 14))
    for reservation in (later, world.reservation, sooner):
        lost(reservation)
    assert listed(world) == [sooner, world.reservation, later]


@pytest.mark.requirement("X-14")
@pytest.mark.parametrize(("distance", "is_soon"), [(SOON, True), (SOON + timedelta(seconds=1), False)])
def test_what_is_near_is_marked(world, distance, is_soon):
    lost(world.reservation)
    moment = world.reservation.starts_at - distance
    [row] = undelivered_at(world.reception, office=world.office, now=moment)
    assert row.is_soon is is_soon


@pytest.mark.parametrize(
    ("moment", "is_listed"), [(jst(6, 2, 10, 29), True), (jst(6, 2, 10, 30), False)], ids=["running", "over"]
)
def test_after_the_session_there_is_nothing_left_to_tell(world, moment, is_listed):
    lost(world.reservation)
    assert bool(listed(world, moment=moment)) is is_listed


@pytest.mark.parametrize(
    ("status", "is_listed"),
    [
        (ReservationStatus.CONFIRMED, True),
        (ReservationStatus.AWAITING_REPLY, True),
        (ReservationStatus.OFFERED, True),
        (ReservationStatus.CANCELLED_BY_OFFICE, True),
        (ReservationStatus.CANCELLED_BY_SEEKER, False),
        (ReservationStatus.COMPLETED, False),
    ],
)
def test_listed_is_whoever_must_know_something_they_cannot_know_yet(world, status, is_listed):
    world.reservation.status, world.reservation.hold_expires_at = status, jst(6, 2, 9)
    world.reservation.save()
    lost(world.reservation)
    assert bool(listed(world)) is is_listed


def test_one_person_is_one_line_with_all_their_mails(world):
    lost(world.reservation)
    lost(world.reservation, kind=MailKind.REMINDER_DAY)
    [row] = undelivered_at(world.reception, office=world.office, now=NOW)
    assert [mail.mail.kind for mail in row.mails] == [MailKind.CONFIRMED, MailKind.REMINDER_DAY]


def test_other_offices_see_nothing_of_it(world):
    lost(world.reservation)
    assert undelivered_at(world.foreigner, office=world.office, now=NOW) == []
    assert undelivered_count(world.foreigner, office=world.office, now=NOW) == 0


def test_who_works_everywhere_sees_each_office_by_itself(world):
    lost(world.reservation)
    lost(world.foreign_reservation)
    assert listed(world, by=world.national) == [world.reservation]


@pytest.mark.requirement("S-25")
def test_requests_stand_in_the_same_list_at_their_dearest_wish(world):
    service = bookable_service(office=world.office, way="arranged")
    wishes = Wishes(starts=(jst(6, 2, 9), jst(6, 8, 10)), counselor=None)
    asked = request_session(service=service, seeker=SeekerFactory(), wishes=wishes, details=DETAILS, now=NOW)
    OutgoingMail.objects.all().delete()
    lost(asked, kind=MailKind.REQUEST_RECEIVED)
    lost(world.reservation)
    assert listed(world) == [asked, world.reservation]
    assert listed(world, moment=jst(6, 8, 10)) == []


def test_the_list_says_why_in_words_and_whom_to_call(world, client_of):
    lost(world.reservation)
    page = client_of(world.reception).get(reverse("admin:undelivered")).content.decode()
    assert "このメールアドレスは使われていません" in page
    assert 'href="tel:+819012345678"' in page
    assert "6月2日(火)" in page
    assert "3日以内" in page


def test_the_first_page_of_staff_counts_them(world, client_of):
    browser = client_of(world.reception)
    assert "届いていないメール 1件" not in browser.get("/admin/").content.decode()
    lost(world.reservation)
    assert "届いていないメール 1件" in browser.get("/admin/").content.decode()


@pytest.mark.requirement("S-25")
def test_the_page_of_the_reservation_shows_it_with_the_ways_on(world, client_of):
    lost(world.reservation)
    page = client_of(world.reception).get(f"/admin/booking/reservation/{world.reservation.pk}/change/").content.decode()
    assert "届いていないメールがあります" in page
    assert "このメールアドレスは使われていません" in page
    for name in ("undelivered_again", "undelivered_told", "undelivered_address"):
        assert reverse(f"admin:{name}", args=[world.reservation.uuid]) in page


def test_the_list_costs_the_same_for_many(world, django_assert_max_num_queries):
    for hour in range(11, 16):
        lost(another(world, starts_at=jst(6, 2, hour)))
    with django_assert_max_num_queries(8):
        assert len(undelivered_at(world.reception, office=world.office, now=NOW)) == 5


@pytest.mark.requirement("X-06")
def test_the_reservation_stands_while_its_mail_bounces(world):
    queue_reservation_mails(world.reservation, now=NOW)
    OutgoingMail.objects.update(state=MailState.BOUNCED, bounced_at=NOW)
    world.reservation.refresh_from_db()
    assert world.reservation.status == ReservationStatus.CONFIRMED
    [entry] = day_list(world.reception, office=world.office, day=day_of(world.reservation.starts_at), now=NOW)
    assert entry.mail_failed
