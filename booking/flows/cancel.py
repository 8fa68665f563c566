"""The seeker cancels until the service's cut-off (K-23); staff cancel at any time with a reason."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from booking.db import flow_transaction
from booking.enums import Action, CancelChannel
from booking.errors import BookingError
from booking.flows.online_meeting import give_up_meeting
from booking.mails import queue_cancellation
from booking.models import Reservation
from booking.rules.windows import cancel_closes_at
from booking.transitions import apply, is_allowed


def why_not_cancel(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why the seeker cannot cancel in the portal now, or None."""
    office, policy = reservation.office, reservation.service.policy
    contact = {"office": office.name, "phone": office.phone, "hours": office.contact_hours}
    if not is_allowed(reservation, Action.CANCEL_BY_SEEKER):
        return BookingError(_("この予約は取り消せる状態ではありません。"), code="wrong_status")
    if policy.cancel_channel == CancelChannel.PHONE:
        message = _("この相談の取消は電話で受け付けています。%(office)s（%(phone)s、%(hours)s）へご連絡ください。")
        return BookingError(message % contact, code="cancel_by_phone")
    if now >= cancel_closes_at(reservation.starts_at, policy):
        message = _("この画面で取り消せる期限を過ぎました。%(office)s（%(phone)s、%(hours)s）へお電話ください。")
        return BookingError(message % contact, code="past_cancellation_deadline")
    return None


def cancel_by_seeker(reservation: Reservation, *, by: Any, now: datetime) -> Reservation:
    """Raises BookingError wrong_status, cancel_by_phone or past_cancellation_deadline."""
    with flow_transaction():
        locked = _lock(reservation)
        refusal = why_not_cancel(locked, now=now)
        if refusal is not None:
            raise refusal
        _cancel(locked, Action.CANCEL_BY_SEEKER, by=by, now=now)
        return locked


def cancel_by_office(reservation: Reservation, *, by: Any, reason: str, now: datetime) -> Reservation:
    """The seeker is told, with the reason. Raises BookingError reason_missing or wrong_status."""
    if not reason.strip():
        raise BookingError(_("取消の理由を入力してください。求職者へのメールに載ります。"), code="reason_missing")
    with flow_transaction():
        locked = _lock(reservation)
        _cancel(locked, Action.CANCEL_BY_OFFICE, by=by, now=now, reason=reason.strip())
        return locked


def withdraw(reservation: Reservation, *, by: Any, now: datetime) -> None:
    """The seeker leaves the portal: a confirmed reservation that the caller has locked ends, whatever the cut-off."""
    _cancel(reservation, Action.CANCEL_BY_SEEKER, by=by, now=now)


def _lock(reservation: Reservation) -> Reservation:
    return Reservation.objects.lock().with_facts().get(pk=reservation.pk)


def _cancel(reservation: Reservation, action: Action, *, by: Any, now: datetime, reason: str = "") -> None:
    apply(reservation, action, actor=by, now=now, reason=reason)
    reservation.calendar_sequence += 1
    reservation.save(update_fields=["calendar_sequence"])
    give_up_meeting(reservation, now=now)
    queue_cancellation(reservation, by_office=action == Action.CANCEL_BY_OFFICE, reason=reason, now=now)
