"""The office accepts, proposes or refuses; the person agrees, declines or withdraws; time passes (H-25, H-16)."""

from datetime import timedelta
from typing import Any

import pytest

from booking.enums import BookingWay, MailKind, MeetingState, Origin, RequestState, ReservationStatus, Standing
from booking.errors import BookingError
from booking.flows.arrange import (
    accept_proposal,
    accept_wish,
    decline_proposal,
    former_proposals,
    propose,
    refuse_request,
    withdraw_request,
)
from booking.flows.cancel import cancel_by_office
from booking.flows.lapse import lapse
from booking.models import OnlineMeeting, Recognition, Reservation, SessionRequest
from booking.periodic import release_expired_holds
from mailing.models import OutgoingMail
from tests.arranged.conftest import TEN
from tests.factories import NOW, ReservationFactory, UserFactory, bookable_service, change_rules, jst

OTHER = jst(6, 8, 15)
SECOND = timedelta(seconds=1)
DUE = NOW + timedelta(days=3)


@pytest.fixture
def staff(db) -> Any:
    return UserFactory(is_staff=True)


@pytest.fixture
def asked(ask) -> SessionRequest:
    return ask()


@pytest.fixture
def proposed(asked, counselor, staff) -> SessionRequest:
    propose(asked, starts_at=OTHER, counselor=counselor, by=staff, now=NOW)
    asked.refresh_from_db()
    return asked


def place_of(asked: SessionRequest) -> Reservation:
    asked.refresh_from_db()
    assert asked.reservation is not None
    return asked.reservation


def state_of(asked: SessionRequest) -> str:
    asked.refresh_from_db()
    return asked.state


def mails() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("kind", flat=True))


def refused(flow, *args, **kwargs) -> str:
    with pytest.raises(BookingError) as caught:
        flow(*args, **kwargs)
    return caught.value.code


def agree(asked: SessionRequest, *, now=NOW, number: str | None = None) -> Reservation:
    return accept_proposal(asked, number=number or place_of(asked).number, by=asked.seeker, now=now)


# --- Accepting a wish ---


@pytest.mark.requirement("H-25")
def test_accepting_a_wish_makes_it_firm_at_once_with_meeting_and_mail(asked, counselor, staff):
    reservation = accept_wish(asked, starts_at=TEN, counselor=counselor, by=staff, now=NOW)
    assert (reservation.status, reservation.origin) == (ReservationStatus.CONFIRMED, Origin.ARRANGED)
    assert (reservation.counselor, reservation.starts_at, reservation.seeker) == (counselor, TEN, asked.seeker)
    assert (reservation.name, reservation.topic, reservation.phone_e164) == (asked.name, asked.topic, asked.phone_e164)
    assert OnlineMeeting.objects.get(reservation=reservation).state == MeetingState.REQUESTED
    assert MailKind.CONFIRMED in mails()
    assert reservation.events.get().actor == staff
    asked.refresh_from_db()
    assert (asked.state, asked.reservation, asked.answered_by) == (RequestState.ACCEPTED, reservation, staff)


def test_only_a_wished_time_is_firm_without_the_persons_yes(asked, counselor, staff):
    assert refused(accept_wish, asked, starts_at=OTHER, counselor=counselor, by=staff, now=NOW) == "not_offered"
    assert state_of(asked) == RequestState.RECEIVED


def test_a_busy_counselor_cannot_take_the_wish_but_a_colleague_can(asked, service, counselor, staff):
    ReservationFactory(service=service, counselor=counselor, starts_at=TEN)
    assert refused(accept_wish, asked, starts_at=TEN, counselor=counselor, by=staff, now=NOW) == "slot_taken"
    colleague = service.counselors.exclude(pk=counselor.pk).get()
    assert accept_wish(asked, starts_at=TEN, counselor=colleague, by=staff, now=NOW).counselor == colleague


def test_the_person_is_not_double_booked(asked, counselor, staff):
    ReservationFactory(seeker=asked.seeker, starts_at=TEN)
    assert refused(accept_wish, asked, starts_at=TEN, counselor=counselor, by=staff, now=NOW) == "seeker_busy"


def test_the_wished_counselor_counts_as_chosen(ask, counselor, staff):
    asked = ask(TEN, counselor=counselor)
    assert accept_wish(asked, starts_at=TEN, counselor=counselor, by=staff, now=NOW).counselor_was_chosen


def test_limits_hold_for_the_office_too(ask, service, counselor, staff):
    asked = ask(TEN)
    change_rules(service, most_coming=1)
    ReservationFactory(service=service, seeker=asked.seeker, starts_at=jst(6, 4, 9))
    service.__dict__.pop("versions", None)
    assert refused(accept_wish, asked, starts_at=TEN, counselor=counselor, by=staff, now=NOW) == "too_many_coming"


# --- The window of the office ---


@pytest.mark.parametrize(
    ("start", "fits"),
    [(jst(6, 1, 9, 30), False), (NOW, False), (jst(6, 1, 10, 30), True), (jst(8, 3, 10), True)],
    ids=["past", "this very moment", "today, later", "after the booking window"],
)
def test_the_office_arranges_any_free_time_from_now_on(asked, counselor, staff, start, fits):
    if fits:
        assert propose(asked, starts_at=start, counselor=counselor, by=staff, now=NOW).starts_at == start
    else:
        assert refused(propose, asked, starts_at=start, counselor=counselor, by=staff, now=NOW) == "not_offered"


# --- Proposing ---


@pytest.mark.requirement("H-25")
def test_a_proposal_keeps_its_place_until_the_answer_is_due(proposed, staff):
    place = place_of(proposed)
    assert (place.status, place.starts_at) == (ReservationStatus.PROPOSED, OTHER)
    assert place.hold_expires_at == DUE
    assert state_of(proposed) == RequestState.PROPOSED
    assert mails()[-1] == MailKind.PROPOSAL
    assert not OnlineMeeting.objects.exists()


def test_the_answer_is_due_at_the_start_at_the_latest(asked, counselor, staff):
    start = jst(6, 2, 9)
    assert propose(asked, starts_at=start, counselor=counselor, by=staff, now=NOW).hold_expires_at == start


@pytest.mark.requirement("H-25")
def test_a_new_proposal_replaces_the_former(proposed, counselor, staff):
    first = place_of(proposed)
    second = propose(proposed, starts_at=TEN, counselor=counselor, by=staff, now=NOW)
    first.refresh_from_db()
    assert first.status == ReservationStatus.CANCELLED_BY_OFFICE
    assert place_of(proposed) == second
    assert former_proposals(proposed) == [first]
    assert refused(agree, proposed, number=first.number) == "proposal_replaced"
    assert agree(proposed) == second


def test_the_same_time_may_be_proposed_anew_with_a_colleague(proposed, service, counselor, staff):
    colleague = service.counselors.exclude(pk=counselor.pk).get()
    assert propose(proposed, starts_at=OTHER, counselor=colleague, by=staff, now=NOW).counselor == colleague


def test_a_proposal_that_cannot_be_had_keeps_the_former(proposed, service, counselor, staff):
    place = place_of(proposed)
    ReservationFactory(service=service, counselor=counselor, starts_at=TEN)
    assert refused(propose, proposed, starts_at=TEN, counselor=counselor, by=staff, now=NOW) == "slot_taken"
    assert place_of(proposed) == place
    assert place_of(proposed).status == ReservationStatus.PROPOSED


def test_accepting_a_wish_takes_the_proposal_back(proposed, counselor, staff):
    first = place_of(proposed)
    accept_wish(proposed, starts_at=TEN, counselor=counselor, by=staff, now=NOW)
    first.refresh_from_db()
    assert first.status == ReservationStatus.CANCELLED_BY_OFFICE
    assert state_of(proposed) == RequestState.ACCEPTED


# --- Refusing ---


@pytest.mark.requirement("H-16")
def test_staff_refuse_with_a_reason_that_the_person_reads(asked, staff):
    assert refused(refuse_request, asked, by=staff, reason="  ", now=NOW) == "reason_missing"
    refuse_request(asked, by=staff, reason="窓口での相談が適しているため", now=NOW)
    asked.refresh_from_db()
    assert (asked.state, asked.reason, asked.answered_by) == (
        RequestState.REFUSED,
        "窓口での相談が適しているため",
        staff,
    )
    assert mails()[-1] == MailKind.REQUEST_REFUSED


def test_refusing_frees_the_proposed_place(proposed, staff):
    place = place_of(proposed)
    refuse_request(proposed, by=staff, reason="満員", now=NOW)
    place.refresh_from_db()
    assert place.status == ReservationStatus.CANCELLED_BY_OFFICE


# --- The person's answer ---


@pytest.mark.requirement("H-25")
@pytest.mark.requirement("S-36")
def test_agreeing_makes_the_place_firm(proposed):
    reservation = agree(proposed)
    assert reservation.status == ReservationStatus.CONFIRMED
    assert state_of(proposed) == RequestState.ACCEPTED
    assert OnlineMeeting.objects.filter(reservation=reservation).exists()
    assert MailKind.CONFIRMED in mails()


def test_agreeing_twice_is_agreeing_once(proposed):
    assert agree(proposed) == agree(proposed)
    assert mails().count(MailKind.CONFIRMED) == 1


@pytest.mark.parametrize(
    ("moment", "code"),
    [(DUE - SECOND, None), (DUE, "proposal_expired"), (DUE + SECOND, "proposal_expired")],
    ids=["one second before", "at the end", "one second after"],
)
def test_one_agrees_until_the_moment_that_was_told(proposed, moment, code):
    if code is None:
        assert agree(proposed, now=moment).status == ReservationStatus.CONFIRMED
    else:
        assert refused(agree, proposed, now=moment) == code


def test_declining_gives_the_place_back_and_the_office_may_propose_anew(proposed, counselor, staff):
    place = place_of(proposed)
    decline_proposal(proposed, number=place.number, by=proposed.seeker, now=NOW)
    place.refresh_from_db()
    assert place.status == ReservationStatus.DECLINED
    assert state_of(proposed) == RequestState.RECEIVED
    assert former_proposals(proposed) == [place]
    assert propose(proposed, starts_at=OTHER, counselor=counselor, by=staff, now=NOW).starts_at == OTHER


@pytest.mark.parametrize("state", ["received", "proposed"])
def test_withdrawing_ends_the_request_and_frees_the_place(request, state):
    asked = request.getfixturevalue({"received": "asked", "proposed": "proposed"}[state])
    withdraw_request(asked, by=asked.seeker, now=NOW)
    assert state_of(asked) == RequestState.WITHDRAWN
    assert not Reservation.objects.occupying(NOW).exists()


def test_what_is_settled_is_settled(asked, counselor, staff):
    withdraw_request(asked, by=asked.seeker, now=NOW)
    answers = [
        lambda: accept_wish(asked, starts_at=TEN, counselor=counselor, by=staff, now=NOW),
        lambda: propose(asked, starts_at=OTHER, counselor=counselor, by=staff, now=NOW),
        lambda: refuse_request(asked, by=staff, reason="x", now=NOW),
        lambda: withdraw_request(asked, by=asked.seeker, now=NOW),
        lambda: decline_proposal(asked, number="", by=asked.seeker, now=NOW),
    ]
    assert [refused(answer) for answer in answers] == ["request_settled"] * len(answers)


# --- Time passes ---


@pytest.mark.requirement("H-25")
@pytest.mark.parametrize(
    ("moment", "state"),
    [(DUE - SECOND, RequestState.PROPOSED), (DUE, RequestState.LAPSED)],
    ids=["one second before", "at the end"],
)
def test_nobody_answers_and_the_request_ends_with_the_proposal(proposed, freeze, moment, state):
    place = place_of(proposed)
    freeze(moment)
    release_expired_holds()
    release_expired_holds()
    assert state_of(proposed) == state
    assert mails().count(MailKind.LAPSED) == (state == RequestState.LAPSED)
    place.refresh_from_db()
    assert (place.status == ReservationStatus.LAPSED) == (state == RequestState.LAPSED)


def test_after_a_lapse_nobody_agrees_any_more(proposed):
    lapse(place_of(proposed).pk, now=DUE)
    assert refused(agree, proposed, now=DUE) == "proposal_expired"


def test_a_lapse_that_comes_after_the_yes_changes_nothing(proposed):
    place = agree(proposed, now=DUE - SECOND)
    assert lapse(place.pk, now=DUE) is False
    assert state_of(proposed) == RequestState.ACCEPTED


def test_a_proposed_place_cancelled_on_the_day_list_leaves_the_request_open(proposed, staff):
    cancel_by_office(place_of(proposed), by=staff, reason="相談員の急病", now=NOW)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reservation) == (RequestState.RECEIVED, None)


@pytest.mark.requirement("H-07")
def test_only_the_named_counselor_takes_the_wish(ask, seeker, staff):
    service = bookable_service(
        counselors=2, way=BookingWay.ARRANGED, standings=[Standing.RECOGNISED], needs_named_counselor=True
    )
    named, colleague = service.counselors.order_by("pk")
    Recognition.objects.create(
        office=service.office,
        seeker=seeker,
        counselor=named,
        reason="継続支援",
        begins_on=NOW.date(),
        granted_by=staff,
        granted_at=NOW,
    )
    asked = ask(TEN, service=service)
    assert refused(accept_wish, asked, starts_at=TEN, counselor=colleague, by=staff, now=NOW) == "other_counselor"
    assert accept_wish(asked, starts_at=TEN, counselor=named, by=staff, now=NOW).counselor == named
