"""Ten minutes after the start without check-in and without contact the reservation is deemed cancelled (K-24).

By the portal only when the office was there and the person gave no sign; else staff say whose fault it was (ADR 15).
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from booking.db import constraint_as_booking_error, flow_transaction
from booking.deadlines import is_no_show_due
from booking.enums import Action, ReservationStatus
from booking.errors import BookingError
from booking.evidence import evidence_of, tells_who_is_there
from booking.flows.online_meeting import give_up_meeting, request_meeting
from booking.flows.place import constraint_errors, host_of_session
from booking.hosts import host_columns, lock_hosts
from booking.mails.consequences import queue_office_absent
from booking.mails.decisions import queue_decision_wanted
from booking.mails.reservations import queue_new_link, queue_no_show
from booking.models import Counselor, Reservation
from booking.models.guest import lock_person
from booking.refusals import refusal
from booking.transitions import apply


def mark_no_show(reservation_id: int, *, now: datetime) -> bool:
    """Judge the row again under its lock; False when the person came, called or cancelled. Safe to run twice.

    Who was only seen in the meeting counts as in contact. Without evidence that the office was there, or while nobody
    can tell who is in the meeting, nobody is called absent: the row waits for staff, and it is False.
    """
    with transaction.atomic():
        reservation = Reservation.objects.lock().with_facts().without_contact().filter(pk=reservation_id).first()
        if reservation is None or not is_no_show_due(reservation, now=now):
            return False
        seen = evidence_of(reservation)
        if seen.person_seen_at is not None:
            _note_contact(reservation, at=seen.person_seen_at, now=now)
        if seen.person_seen_at is not None and seen.was_office_ever_there:
            return False
        nobody_knows = seen.nobody_knows_who_is_in or not tells_who_is_there(reservation)
        if seen.has_sign_of_person or nobody_knows or not seen.was_office_there:
            _ask_staff(reservation, person_came=seen.has_sign_of_person, now=now)
            return False
        _deem_absent(reservation, by=None, reason="", now=now)
        return True


def ask_where_office_is(reservation_id: int, *, now: datetime) -> bool:
    """The person has entered and waits, and nothing shows that anybody of the office came: tell it, once."""
    with transaction.atomic():
        rows = Reservation.objects.lock().with_facts().filter(status=ReservationStatus.CHECKED_IN)
        reservation = rows.filter(pk=reservation_id).first()
        if reservation is None or reservation.needs_decision or not is_no_show_due(reservation, now=now):
            return False
        if evidence_of(reservation).was_office_ever_there:
            return False
        _ask_staff(reservation, person_came=True, now=now)
        return True


def why_not_no_show(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why staff cannot call the person absent now, or None."""
    if reservation.contacted_at is not None:
        return refusal("in_contact")
    if not is_no_show_due(reservation, now=now):
        return refusal("not_due_yet", minutes=reservation.policy.no_show_after // timedelta(minutes=1))
    return None


def decide_no_show(reservation: Reservation, *, by: Any, reason: str, now: datetime) -> Reservation:
    """Staff say that the person did not come, whatever the portal saw of the office.

    Raises BookingError reason_missing, in_contact, not_due_yet or wrong_status.
    """
    _need(reason)
    with flow_transaction():
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        refused = why_not_no_show(locked, now=now)
        if refused is not None:
            raise refused
        _deem_absent(locked, by=by, reason=reason.strip(), now=now)
        return locked


def why_not_office_absent(reservation: Reservation, *, now: datetime) -> BookingError | None:
    return refusal("session_not_started") if now < reservation.starts_at else None


def mark_office_absent(reservation: Reservation, *, by: Any, reason: str, now: datetime) -> Reservation:
    """It was the office that was not there: never the person's no-show. The person is told, with an apology.

    Raises BookingError reason_missing, session_not_started or wrong_status.
    """
    _need(reason)
    with flow_transaction():
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        refused = why_not_office_absent(locked, now=now)
        if refused is not None:
            raise refused
        was_no_show = locked.status == ReservationStatus.NO_SHOW
        apply(locked, Action.MARK_OFFICE_ABSENT, actor=by, now=now, reason=reason.strip())
        give_up_meeting(locked, now=now)
        queue_office_absent(locked, was_no_show=was_no_show, now=now)
        return locked


def undo_no_show(reservation: Reservation, *, by: Any, reason: str, now: datetime) -> Reservation:
    """Staff know better: the reservation stands again, counted as contacted; while its time runs, with a host and a new link.

    The row takes up time again, so it queues like a new one: locks seeker, counselor, hosts, reservation (ADR 2). Raises
    BookingError reason_missing, wrong_status, counselor_busy when the time was given to somebody else, or no_host_free.
    """
    _need(reason)
    errors = dict.fromkeys(constraint_errors(), refusal("counselor_busy"))
    errors["meeting_host_not_double_booked"] = refusal("no_host_free")
    with flow_transaction(), constraint_as_booking_error(errors):
        lock_person(reservation.person)
        counselor = Counselor.objects.lock().with_own_host().get(pk=reservation.counselor_id)
        hosts = lock_hosts(counselor, software=reservation.service.software)
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        host = None
        if now < locked.ends_at:
            times = {"starts_at": locked.starts_at, "ends_at": locked.ends_at, "now": now}
            host = host_of_session(counselor, hosts, service=locked.service, current=locked, **times)
        columns = {
            "contacted_at": now,
            "no_show_confirmed_at": None,
            **host_columns(host, ends_at=locked.ends_at),
        }
        for name, value in columns.items():
            setattr(locked, name, value)
        apply(locked, Action.UNDO_NO_SHOW, actor=by, now=now, reason=reason.strip(), saving=columns)
        if now < locked.ends_at:
            request_meeting(locked, now=now)
            queue_new_link(locked, now=now)
        return locked


def _note_contact(locked: Reservation, *, at: datetime, now: datetime) -> None:
    """Somebody besides the host was in the meeting or its waiting room: not the button, but a sign all the same."""
    locked.contacted_at = at
    reason = _("オンライン会議に入った記録があります。")
    apply(locked, Action.MARK_CONTACTED, actor=None, now=now, reason=reason, saving=["contacted_at"])


def _ask_staff(locked: Reservation, *, person_came: bool, now: datetime) -> None:
    """Once: a second sweep changes nothing. One that was moved since waits anew."""
    asked_at = locked.needs_decision_since
    if asked_at is None or asked_at < locked.starts_at:
        locked.needs_decision_since = now
        locked.save(update_fields=["needs_decision_since"])
        queue_decision_wanted(locked, person_came=person_came, now=now)


def _deem_absent(locked: Reservation, *, by: Any, reason: str, now: datetime) -> None:
    apply(locked, Action.MARK_NO_SHOW, actor=by, now=now, reason=reason)
    give_up_meeting(locked, now=now)
    queue_no_show(locked, now=now)


def _need(reason: str) -> None:
    if not reason.strip():
        raise refusal("reason_missing")
