"""What staff see and change in the Django admin; reservations change only through flows."""

from booking.admin.reservation import ReservationAdmin
from booking.admin.schedule import AbsenceAdmin, CounselorAdmin, OpeningWindowAdmin
from booking.admin.service import ServiceAdmin

__all__ = ["AbsenceAdmin", "CounselorAdmin", "OpeningWindowAdmin", "ReservationAdmin", "ServiceAdmin"]
