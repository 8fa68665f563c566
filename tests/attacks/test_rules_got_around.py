"""What a hand-made request, an old page or a second way tried to get past the rules of the office."""

from typing import Any

import pytest

from booking.enums import BookingWay, Ground, ReservationStatus, Standing
from booking.errors import BookingError
from booking.flows.answer import answer_by_link, mark_reply
from booking.flows.arrange import Wishes, accept_proposal, propose, request_session
from booking.flows.enter import Entry, enter
from booking.flows.hold import hold
from booking.flows.move import move
from booking.flows.offering import offer_place
from booking.flows.recognise import recognise, revoke
from booking.flows.reserve import ReservationDetails, reserve
from booking.flows.restrict import restrict
from booking.flows.waiting import join_line, take_offer
from booking.models import Absence, Counselor, Question, Recognition, Reservation, Service, WaitingEntry
from tests.factories import (
    NOW,
    ReservationFactory,
    SeekerFactory,
    bookable_service,
    change_rules,
    jst,
)
from tests.staff.conftest import World

TEN = jst(6, 9, 10)
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")
LATER = jst(6, 1, 12)
LATER_IN_THE_HOLD = jst(6, 1, 10, 5)


@pytest.fixture
def named(world: World) -> tuple[Service, Any, Counselor]:
    """Continuous support with three counselors; the person's own is the last whom the portal would choose."""
    service = bookable_service(
        office=world.office,
        counselors=3,
        standings=[Standing.RECOGNISED],
        needs_named_counselor=True,
        has_waiting_list=True,
    )
    own = service.counselors.order_by("-pk").first()
    seeker = SeekerFactory.create()
    recognise(seeker, office=world.office, counselor=own, reason="継続", by=world.manager, now=NOW)
    return service, seeker, own


def test_who_names_no_counselor_is_not_given_another_than_the_named_one(named) -> None:
    service, seeker, own = named
    assert hold(service=service, starts_at=TEN, seeker=seeker, now=NOW).counselor == own


def test_the_hold_is_refused_when_the_named_counselor_is_taken(named) -> None:
    service, seeker, own = named
    ReservationFactory.create(service=service, counselor=own, starts_at=TEN)
    with pytest.raises(BookingError):
        hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)


def test_a_session_of_continuous_support_moves_to_the_named_counselor_only(named) -> None:
    service, seeker, own = named
    booked = ReservationFactory.create(service=service, counselor=own, seeker=seeker, starts_at=TEN)
    ReservationFactory.create(service=service, counselor=own, starts_at=jst(6, 9, 11))
    with pytest.raises(BookingError):
        move(booked, starts_at=jst(6, 9, 11), by=seeker, now=NOW)


def test_the_waiting_list_offers_the_named_counselor_only(named) -> None:
    service, seeker, own = named
    entry = in_line(service, seeker)
    offered = offer_place(entry.pk, now=NOW)
    assert offered is not None
    assert offered.counselor == own


def test_staff_who_choose_nobody_enter_the_named_counselor(named, world: World) -> None:
    service, seeker, own = named
    entry = Entry(service=service, starts_at=TEN, details=DETAILS, by=world.reception, person=seeker)
    assert enter(entry, now=NOW)[0].counselor == own


def test_the_hold_of_a_counselor_who_is_the_named_one_no_longer_becomes_no_reservation(named, world: World) -> None:
    service, seeker, own = named
    held = hold(service=service, starts_at=TEN, seeker=seeker, now=NOW)
    name_another(world, service, seeker, own)
    with pytest.raises(BookingError) as refused:
        reserve(held, details=DETAILS, now=LATER_IN_THE_HOLD)
    assert refused.value.code == "other_counselor"


def test_an_offer_of_a_counselor_who_is_the_named_one_no_longer_is_not_taken(named, world: World) -> None:
    service, seeker, own = named
    entry = in_line(service, seeker)
    assert offer_place(entry.pk, now=NOW) is not None
    name_another(world, service, seeker, own)
    with pytest.raises(BookingError) as refused:
        take_offer(entry, by=seeker, now=NOW)
    assert refused.value.code == "other_counselor"


def in_line(service: Service, seeker: Any) -> WaitingEntry:
    """Joined when everybody was away that day; now they are there."""
    start, end = jst(6, 9), jst(6, 10)
    for counselor in service.counselors.all():
        Absence.objects.create(counselor=counselor, starts_at=start, ends_at=end)
    entry = join_line(service=service, seeker=seeker, first_day=TEN.date(), last_day=TEN.date(), now=NOW)
    Absence.objects.all().delete()
    return entry


def name_another(world: World, service: Service, seeker: Any, former: Counselor) -> None:
    revoke(Recognition.objects.get(seeker=seeker), now=NOW)
    other = service.counselors.exclude(pk=former.pk).first()
    recognise(seeker, office=world.office, counselor=other, reason="交代", by=world.manager, now=NOW)


def close_to(person: Any, world: World, *, now: Any = LATER) -> None:
    restrict(
        person,
        office=world.office,
        ground=Ground.HINDERING,
        reason="妨害",
        text="電話でご相談ください。",
        ends_on=None,
        by=world.manager,
        now=now,
    )


def test_who_was_restricted_meanwhile_cannot_agree_to_a_proposal(world: World) -> None:
    service = bookable_service(office=world.office, way="arranged")
    seeker = SeekerFactory.create()
    asked = request_session(service=service, seeker=seeker, wishes=Wishes(starts=[TEN]), details=DETAILS, now=NOW)
    place = propose(asked, starts_at=jst(6, 9, 11), counselor=service.counselors.get(), by=world.reception, now=NOW)
    close_to(seeker, world)
    with pytest.raises(BookingError) as refused:
        accept_proposal(asked, number=place.number, by=seeker, now=LATER)
    assert refused.value.code == "restricted"


@pytest.fixture
def awaiting(world: World) -> Reservation:
    entry = Entry(
        service=world.reservation.service,
        starts_at=TEN,
        details=DETAILS,
        by=world.reception,
        person=SeekerFactory.create(),
        waits_for_reply=True,
    )
    return enter(entry, now=NOW)[0]


@pytest.mark.parametrize(
    ("reply", "options"),
    [pytest.param(mark_reply, {"by": None}, id="marked by staff"), pytest.param(answer_by_link, {}, id="by the link")],
)
def test_who_was_restricted_meanwhile_does_not_make_it_firm_by_a_reply(world, awaiting, reply, options) -> None:
    close_to(awaiting.person, world)
    with pytest.raises(BookingError) as refused:
        reply(awaiting, now=LATER, **options)
    assert refused.value.code == "restricted"


def test_a_reply_counts_that_the_manager_asked_for_in_spite_of_a_restriction(world: World) -> None:
    seeker = SeekerFactory.create()
    close_to(seeker, world, now=NOW)
    entry = Entry(
        service=world.reservation.service,
        starts_at=TEN,
        details=DETAILS,
        by=world.manager,
        person=seeker,
        waits_for_reply=True,
    )
    reservation, _rules = enter(entry, now=LATER, reason="所長の判断")
    assert answer_by_link(reservation, now=LATER).status == ReservationStatus.CONFIRMED


def test_the_help_of_a_question_is_text_and_no_markup(world, way, portal_terms) -> None:
    version = way.service.versions[0]
    Question.objects.create(
        policy=version, label="<b>a</b>", help_text="<script>alert(1)</script>", choices=["<i>", "b"], kind="choice"
    )
    held = way.hold(jst(6, 2, 10))
    page = way.client.get(way.url("details", held.number)).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "<b>a</b>" not in page
    assert "<i>" not in page


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"way": BookingWay.STAFF_ONLY}, "by_staff_only", id="another way"),
        pytest.param({"closes_days_before": 30}, "booking_closed", id="another window"),
        pytest.param({"way": BookingWay.MAIL_LINK}, "", id="a way in which people choose too"),
    ],
)
def test_a_hold_over_midnight_is_judged_by_the_rules_of_the_new_day(freeze, world: World, changes, code: str) -> None:
    freeze(jst(6, 1, 23, 55))
    service = bookable_service(office=world.office)
    held = hold(service=service, starts_at=TEN, seeker=SeekerFactory.create(), now=jst(6, 1, 23, 55))
    change_rules(service, in_force_on=jst(6, 2).date(), **changes)
    held = Reservation.objects.with_facts().get(pk=held.pk)
    if not code:
        assert reserve(held, details=DETAILS, now=jst(6, 2, 0, 2)).status == ReservationStatus.CONFIRMED
        return
    with pytest.raises(BookingError) as refused:
        reserve(held, details=DETAILS, now=jst(6, 2, 0, 2))
    assert refused.value.code == code
