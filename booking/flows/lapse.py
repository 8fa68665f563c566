"""What waited for somebody's yes ends at its deadline; the place is free again."""

from collections.abc import Callable
from datetime import datetime

from booking.db import flow_transaction
from booking.enums import PENDING, Action, ReservationStatus
from booking.models import Reservation
from booking.transitions import apply

Ending = Callable[..., None]
_endings: dict[str, Ending] = {}
"""What follows when a place kept for an answer lapses, by its status; the flow that keeps such places registers it."""


def when_lapsed(status: ReservationStatus) -> Callable[[Ending], Ending]:
    """Registers `ending(reservation, *, now)`: called with the row locked, after it lapsed, in the same transaction."""

    def register(ending: Ending) -> Ending:
        if _endings.setdefault(status, ending) is not ending:
            raise ValueError(f"two endings for {status}")
        return ending

    return register


def end_run_out(reservation: Reservation, *, now: datetime) -> None:
    """End a locked row whose time is over; nothing happens when it is pending no more, or not over yet."""
    if reservation.status not in PENDING or not reservation.has_run_out(now=now):
        return
    before = reservation.status
    action = Action.EXPIRE if before == ReservationStatus.HELD else Action.LAPSE
    apply(reservation, action, actor=None, now=now)
    if before in _endings:
        _endings[before](reservation, now=now)


def lapse(reservation_id: int, *, now: datetime) -> bool:
    """End the row if its time is over; False when somebody was faster. Safe to run twice."""
    with flow_transaction():
        row = Reservation.objects.lock().run_out(now).filter(pk=reservation_id).first()
        if row is None:
            return False
        end_run_out(row, now=now)
        return True
