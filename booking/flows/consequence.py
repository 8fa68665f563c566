"""What follows when nobody came: the office's rule counts and proposes, staff confirm one of three (K-25, H-28, S-28)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from booking.clock import at, day_of, end_of
from booking.db import flow_transaction
from booking.enums import Action, Consequence, Ground, ReservationStatus
from booking.flows.restrict import restrict
from booking.mails.consequences import queue_warning
from booking.models import ConsequenceRule, Reservation
from booking.models.guest import lock_person
from booking.models.reservation import ReservationQuerySet
from booking.refusals import refusal
from booking.rules.consequences import first_day_counted, proposal, restricted_until
from booking.transitions import leave_event


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the office's rule of the session's day says to this no-show. `counted` has it, and those before it."""

    counted: list[Reservation]
    since: date | None
    """The first day of the period; None when the office has no rule."""
    consequence: Consequence
    ends_on: date | None

    @property
    def count(self) -> int:
        return len(self.counted)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What staff decided. `ends_on` and `text` are of a restriction."""

    consequence: Consequence
    reason: str
    ends_on: date | None = None
    text: str = ""


def propose(reservation: Reservation, *, now: datetime) -> Proposal:
    """Counts the person's no-shows at the office, account or not, up to this one; it decides nothing."""
    day = day_of(reservation.starts_at)
    rule = ConsequenceRule.objects.of_office(reservation.office_id, on=day)
    if rule is None:
        return Proposal(counted=[reservation], since=None, consequence=Consequence.NOTE, ends_on=None)
    since = first_day_counted(day, within_months=rule.within_months)
    counted = list(_no_shows(reservation, since=since))
    return Proposal(
        counted=counted,
        since=since,
        consequence=proposal(len(counted), warns_from=rule.warns_from, restricts_from=rule.restricts_from),
        ends_on=restricted_until(day_of(now), months=rule.restricts_months),
    )


def confirm_no_show(reservation: Reservation, *, decision: Decision, by: Any, now: datetime) -> Reservation:
    """Staff say once what follows. Locks the person, then the row.

    Raises BookingError reason_missing, wrong_status, already_decided, or what restrict() raises.
    """
    if not decision.reason.strip():
        raise refusal("reason_missing")
    with flow_transaction():
        lock_person(reservation.person)
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        if locked.status != ReservationStatus.NO_SHOW:
            raise refusal("wrong_status", status=locked.get_status_display())
        if locked.no_show_confirmed_at is not None:
            raise refusal("already_decided")
        locked.no_show_confirmed_at = now
        locked.save(update_fields=["no_show_confirmed_at"])
        label = Consequence(decision.consequence).label
        reason = f"{label}: {decision.reason.strip()}"[:300]
        leave_event(locked, Action.MARK_NO_SHOW, before=locked.status, actor=by, now=now, reason=reason)
        _carry_out(locked, decision=decision, by=by, now=now)
        return locked


def _carry_out(locked: Reservation, *, decision: Decision, by: Any, now: datetime) -> None:
    if decision.consequence == Consequence.WARN:
        queue_warning(locked, now=now)
    if decision.consequence == Consequence.RESTRICT:
        restrict(
            locked.person,
            office=locked.office,
            ground=Ground.NO_SHOWS,
            reason=decision.reason,
            text=decision.text,
            ends_on=decision.ends_on,
            by=by,
            now=now,
            reservation=locked,
        )


def _no_shows(reservation: Reservation, *, since: date) -> ReservationQuerySet:
    until = end_of(day_of(reservation.starts_at))
    rows = Reservation.objects.of_person(reservation.person).filter(office=reservation.office_id)
    rows = rows.filter(status=ReservationStatus.NO_SHOW, starts_at__gte=at(since, datetime.min.time()))
    return rows.filter(starts_at__lt=until).select_related("service").order_by("starts_at")
