"""The held time becomes a reservation: binding at commit, the mail follows (K-17, K-20, X-06)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from booking.clock import day_of
from booking.db import flow_transaction
from booking.enums import UNFINISHED, UPCOMING, Action
from booking.errors import BookingError
from booking.flows.hold import hold
from booking.flows.online_meeting import request_meeting
from booking.mails import queue_reservation_mails
from booking.models import Reservation
from booking.transitions import apply
from terms.consent import missing_consents
from terms.models import TermsDocument


@dataclass(frozen=True, kw_only=True)
class ReservationDetails:
    """What the seeker typed, already parsed by the form."""

    name: str
    phone: str
    phone_e164: str
    kana: str = ""
    seeker_number: str = ""
    topic: str = ""
    companions: Sequence[str] = field(default_factory=list)
    interpreter_language: str = ""


def reserve(held: Reservation, *, details: ReservationDetails, now: datetime) -> Reservation:
    """Make the hold a reservation, with its meeting and mails in the same transaction.

    Safe to run twice: a reservation that is already confirmed is returned as it is. A hold whose time is over is taken
    anew when the place is still free. Locks seeker, (counselor), reservation. Raises SlotTaken, or BookingError
    details_missing, consent_missing, hold_given_back and what hold() raises.
    """
    _refuse_incomplete(held, details)
    with flow_transaction():
        User.objects.lock().get(pk=held.seeker_id)
        reservation = _still_held(held, now)
        if reservation.status in UPCOMING:
            return reservation
        _refuse_without_consent(reservation, now)
        for name, value in asdict(details).items():
            setattr(reservation, name, value)
        reservation.reserved_at = now
        reservation.save()
        apply(reservation, Action.RESERVE, actor=reservation.seeker, now=now)
        request_meeting(reservation, now=now)
        queue_reservation_mails(reservation, now=now)
        return reservation


def _still_held(held: Reservation, now: datetime) -> Reservation:
    """The locked row, or a new hold on the same time in its place.

    A lapsed row is not locked here: whoever waits for its counselor may want to end it (lock order, ADR 2).
    """
    rows = Reservation.objects.select_related("office", "service__office", "counselor", "seeker")
    current = rows.get(pk=held.pk)
    if current.is_held(now=now):
        current = rows.lock().get(pk=held.pk)
    if current.status in UPCOMING or current.is_held(now=now):
        return current
    if current.status not in UNFINISHED:
        raise BookingError(
            _("この時間の仮押さえは取り消されています。お手数ですが、時間を選び直してください。"),
            code="hold_given_back",
        )
    counselor = current.counselor if current.counselor_was_chosen else None
    return hold(
        service=current.service, starts_at=current.starts_at, seeker=current.seeker, now=now, counselor=counselor
    )


def _refuse_incomplete(held: Reservation, details: ReservationDetails) -> None:
    missing = [name for name in held.service.required_details if not getattr(details, name).strip()]
    if missing:
        raise BookingError(
            _("必須の項目が入力されていません。前の画面に戻って入力してください。"), code="details_missing"
        )


def _refuse_without_consent(reservation: Reservation, now: datetime) -> None:
    service = reservation.service
    documents = TermsDocument.objects.filter(pk__in=[service.terms_id, service.software_terms_id])
    if missing_consents(reservation.seeker, documents=documents, on=day_of(now)):
        raise BookingError(
            _("利用規約への同意が必要です。内容を読み、同意する場合はチェックを入れてください。"),
            code="consent_missing",
        )
