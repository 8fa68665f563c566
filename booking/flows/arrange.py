"""The office arranges the time: a person wishes, the office accepts, proposes or refuses, the person agrees (H-25, H-16).

Lock order: person, counselor, reservation, request. The place of a proposal is a reservation of its own, which lapses by
itself. The office may arrange any free time from now on, whatever the booking window; every other rule holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking.admission import admission, is_restricted
from booking.availability import Search, offered_starts, slot_at
from booking.clock import day_of
from booking.db import constraint_as_booking_error, flow_transaction
from booking.deadlines import booking_policy, why_outside_window
from booking.enums import OPEN_REQUEST, Action, BookingWay, Language, Origin, RequestState, ReservationStatus
from booking.errors import BookingError
from booking.flows.lapse import when_lapsed
from booking.flows.place import Place, put_in, why_not_free
from booking.flows.reserve import ReservationDetails, follow_up, judge_details
from booking.hosts import lock_hosts
from booking.mails.requests import queue_lapsed, queue_proposal, queue_refusal, queue_request_received
from booking.models import Counselor, Reservation, Service, SessionRequest
from booking.models.guest import lock_person
from booking.models.request import DETAILS
from booking.policies import MOST_WISHES
from booking.refusals import refusal
from booking.transitions import apply

ONE_OPEN = "one_open_request_per_service"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the person asks for: up to three starts, the first the dearest; perhaps a counselor, an interpreter."""

    starts: Sequence[datetime]
    counselor: Counselor | None = None
    language: str = ""

    @property
    def language_name(self) -> str:
        return str(Language(self.language).label) if self.language else ""


def why_not_wish(
    service: Service,
    person: Any,
    *,
    starts_at: datetime,
    now: datetime,
    counselor: Counselor | None = None,
    details: ReservationDetails | None = None,
) -> BookingError | None:
    """The rule that refuses this wish, or None. Whether somebody is free then is not asked: the office will see."""
    wish = admission(
        person,
        service=service,
        starts_at=starts_at,
        now=now,
        counselor=counselor.pk if counselor else None,
        ways=frozenset({BookingWay.ARRANGED}),
        standing=details.standing if details else None,
        has_device=details.has_device if details else None,
    )
    for refused in wish.refusals():
        return refused
    if starts_at not in offered_starts(service, day=day_of(starts_at)):
        return refusal("not_offered")
    return None


def request_session(
    *, service: Service, seeker: Any, wishes: Wishes, details: ReservationDetails, now: datetime
) -> SessionRequest:
    """Take the request, with its mail in the same transaction.

    Raises BookingError request_open, same_wish, not_offered, details_missing, consent_missing, or what
    booking.admission refuses for any of the wishes.
    """
    with flow_transaction(), constraint_as_booking_error({ONE_OPEN: refusal("request_open")}):
        lock_person(seeker)
        if len(set(wishes.starts)) != len(wishes.starts):
            raise refusal("same_wish")
        if not 1 <= len(wishes.starts) <= MOST_WISHES:
            raise refusal("details_missing")
        for starts_at in wishes.starts:
            refused = why_not_wish(
                service, seeker, starts_at=starts_at, now=now, counselor=wishes.counselor, details=details
            )
            if refused is not None:
                raise refused
        judge_details(service, seeker, details=details, now=now)
        request = SessionRequest.objects.create(
            office=service.office,
            service=service,
            seeker=seeker,
            counselor=wishes.counselor,
            wishes=list(wishes.starts),
            office_interpreter=wishes.language,
            requested_at=now,
            **details.as_columns(),
        )
        queue_request_received(request, now=now)
        return request


def withdraw_request(request: SessionRequest, *, by: Any, now: datetime) -> SessionRequest:
    """The person no longer wants it; a proposed place is free again. Raises BookingError request_settled."""
    with flow_transaction():
        lock_person(request.seeker)
        locked, place = _lock(request, *OPEN_REQUEST)
        if place is not None:
            apply(place, Action.DECLINE, actor=by, now=now)
        return _settle(locked, RequestState.WITHDRAWN)


def accept_proposal(request: SessionRequest, *, number: str, by: Any, now: datetime) -> Reservation:
    """The person agrees to the place of that number: it is firm, with its meeting and mails. Safe to run twice.

    Raises BookingError proposal_expired (from the very moment on that was told), proposal_replaced, request_settled, or
    restricted: of the meantime.
    """
    with flow_transaction():
        lock_person(request.seeker)
        locked, place = _lock(request, RequestState.PROPOSED, RequestState.ACCEPTED, RequestState.LAPSED)
        _refuse_replaced(locked, number)
        if locked.state == RequestState.ACCEPTED and locked.reservation is not None:
            return locked.reservation
        if place is None or place.has_run_out(now=now):
            raise refusal("proposal_expired", office=locked.office)
        if is_restricted(place.person, place.office_id, on=day_of(now)):
            raise refusal("restricted", office=locked.office)
        apply(place, Action.CONFIRM, actor=by, now=now)
        follow_up(place, now=now)
        _settle(locked, RequestState.ACCEPTED)
        return place


def decline_proposal(request: SessionRequest, *, number: str, by: Any, now: datetime) -> SessionRequest:
    """The person cannot come then: the place is free again and the office may propose anew.

    Raises BookingError proposal_replaced, request_settled.
    """
    with flow_transaction():
        lock_person(request.seeker)
        locked, place = _lock(request, RequestState.PROPOSED)
        _refuse_replaced(locked, number)
        if place is not None:
            apply(place, Action.DECLINE, actor=by, now=now)
        locked.reservation = None
        return _settle(locked, RequestState.RECEIVED)


def accept_wish(
    request: SessionRequest, *, starts_at: datetime, counselor: Counselor, by: Any, now: datetime
) -> Reservation:
    """The office takes one of the wishes: the reservation is firm at once, as the person asked for this very time.

    Raises BookingError request_settled, not_offered for a time nobody wished, slot_taken, seeker_busy, or the rules.
    """
    with flow_transaction():
        locked = _lock_to_answer(request, counselor, by=by, now=now)
        if starts_at not in locked.wishes:
            raise refusal("not_offered")
        place = Place(
            status=ReservationStatus.CONFIRMED,
            action=Action.ENTER,
            origin=Origin.ARRANGED,
            by=by,
            values=details_of(locked),
        )
        reservation = _take(locked, starts_at, counselor, place=place, now=now)
        follow_up(reservation, now=now)
        _answer(locked, RequestState.ACCEPTED, reservation=reservation, by=by, now=now)
        return reservation


def propose(
    request: SessionRequest, *, starts_at: datetime, counselor: Counselor, by: Any, now: datetime
) -> Reservation:
    """The office proposes another time and keeps its place until the answer is due, never past the start.

    A former proposal is replaced in the same transaction, and stays when the new place cannot be had. Raises like
    accept_wish.
    """
    with flow_transaction():
        locked = _lock_to_answer(request, counselor, by=by, now=now)
        until = min(now + booking_policy(locked.service, now=now).proposal_lasts, starts_at)
        place = Place(
            status=ReservationStatus.PROPOSED,
            action=Action.PROPOSE,
            origin=Origin.ARRANGED,
            by=by,
            until=until,
            values=details_of(locked),
        )
        reservation = _take(locked, starts_at, counselor, place=place, now=now)
        _answer(locked, RequestState.PROPOSED, reservation=reservation, by=by, now=now)
        queue_proposal(locked, now=now)
        return reservation


def refuse_request(request: SessionRequest, *, by: Any, reason: str, now: datetime) -> SessionRequest:
    """The office cannot help in this way; the person reads why (H-16). Raises reason_missing, request_settled."""
    if not reason.strip():
        raise refusal("reason_missing")
    with flow_transaction():
        lock_person(request.seeker)
        locked, place = _lock(request, *OPEN_REQUEST)
        if place is not None:
            apply(place, Action.CANCEL_BY_OFFICE, actor=by, now=now, reason=reason.strip())
        locked.reason = reason.strip()
        _answer(locked, RequestState.REFUSED, reservation=None, by=by, now=now)
        queue_refusal(locked, now=now)
        return locked


@when_lapsed(ReservationStatus.PROPOSED)
def end_with_proposal(place: Reservation, *, now: datetime) -> None:
    """Nobody answered in time: the request ends with the proposal, and the person is told."""
    request = SessionRequest.objects.lock().filter(reservation=place, state=RequestState.PROPOSED).first()
    if request is not None:
        _settle(request, RequestState.LAPSED)
        queue_lapsed(request, now=now)


def withdraw_all(person: Any, *, now: datetime) -> None:
    """The person leaves the portal: nothing is asked for any more. In the caller's transaction, which locked the person."""
    for request in SessionRequest.objects.open().filter(seeker=person):
        withdraw_request(request, by=person, now=now)


def why_not_arrange(
    request: SessionRequest, *, starts_at: datetime, now: datetime, counselor: Counselor | None = None
) -> BookingError | None:
    """The rule that forbids the office this time, or None: eligibility and limits; from now on, whatever the window."""
    wish = admission(
        request.seeker,
        service=request.service,
        starts_at=starts_at,
        now=now,
        counselor=counselor.pk if counselor else None,
        ways=frozenset(),
        standing=request.standing,
        has_device=request.has_device,
        leaving_out=request.reservation,
    )
    window = why_outside_window(request.service, starts_at, now=now)
    for refused in wish.refusals():
        if window is None or refused.code != window.code:
            return refused
    return refusal("not_offered") if starts_at <= now else None


def search_for(request: SessionRequest, *, now: datetime, counselor: Counselor | None = None) -> Search:
    """Where the office looks for a place: every day from today on, without the place that is proposed now."""
    return Search(
        service=request.service,
        now=now,
        person=request.seeker,
        counselor=counselor,
        language=request.office_interpreter,
        moving=request.reservation,
        is_for_staff=True,
    )


def former_proposals(request: SessionRequest) -> list[Reservation]:
    """What was proposed for this request and came to nothing, the earliest first.

    The rows do not name it: they are the person's at this service, since this request and before the next one.
    """
    later = SessionRequest.objects.filter(
        seeker=request.seeker_id, service=request.service_id, requested_at__gt=request.requested_at
    )
    until = later.order_by("requested_at").values_list("requested_at", flat=True).first()
    rows = Reservation.objects.former_proposals().filter(
        seeker=request.seeker_id, service=request.service_id, reserved_at__gte=request.requested_at
    )
    rows = rows.filter(reserved_at__lt=until) if until else rows
    return list(rows.select_related("counselor").order_by("reserved_at"))


def details_of(request: SessionRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in DETAILS}


def _lock_to_answer(request: SessionRequest, counselor: Counselor, *, by: Any, now: datetime) -> SessionRequest:
    """Locks in order, with the counselors of the former and the new place and the hosts of the new one; a former proposal is taken back."""
    lock_person(request.seeker)
    former = Reservation.objects.filter(session_request=request).values_list("counselor", flat=True)
    list(Counselor.objects.lock().filter(pk__in=[*former, counselor.pk]).order_by("pk"))
    lock_hosts(counselor, software=request.service.software)
    locked, place = _lock(request, *OPEN_REQUEST)
    if place is not None:
        apply(place, Action.CANCEL_BY_OFFICE, actor=by, now=now)
        locked.reservation = None
    return locked


def _take(
    request: SessionRequest, starts_at: datetime, counselor: Counselor, *, place: Place, now: datetime
) -> Reservation:
    refused = why_not_arrange(request, starts_at=starts_at, counselor=counselor, now=now)
    if refused is not None:
        raise refused
    is_wished = request.counselor_id == counselor.pk
    search = search_for(request, now=now, counselor=counselor if is_wished else None)
    slot = slot_at(search, starts_at)
    if slot is None:
        raise why_not_free(search, starts_at)
    if counselor.pk not in slot.counselor_ids:
        raise refusal("slot_taken")
    return put_in(search, slot, counselor.pk, place=place)


def _lock(request: SessionRequest, *states: RequestState) -> tuple[SessionRequest, Reservation | None]:
    """The locked request in one of these states, and the locked place that is proposed, if it still is.

    Under the person's lock only a lapse or a cancellation changes the request: they lock its place first, as here.
    """
    place_id = SessionRequest.objects.values_list("reservation", flat=True).get(pk=request.pk)
    place = Reservation.objects.lock().with_facts().filter(pk=place_id).first() if place_id else None
    locked = SessionRequest.objects.lock().with_facts().get(pk=request.pk)
    if locked.state not in states or locked.reservation_id != place_id:
        raise refusal("request_settled", state=locked.get_state_display())
    return locked, place if place is not None and place.status == ReservationStatus.PROPOSED else None


def _refuse_replaced(request: SessionRequest, number: str) -> None:
    """An old page answers an old proposal: nobody agrees to a time they have not seen."""
    if request.reservation is None or request.reservation.number != number:
        raise refusal("proposal_replaced")


def _settle(request: SessionRequest, state: RequestState) -> SessionRequest:
    request.state = state
    request.save(update_fields=["state", "reservation"])
    return request


def _answer(
    request: SessionRequest, state: RequestState, *, reservation: Reservation | None, by: Any, now: datetime
) -> None:
    request.state, request.reservation = state, reservation
    request.answered_at, request.answered_by = now, by
    request.save(update_fields=["state", "reservation", "answered_at", "answered_by", "reason"])
