"""What staff see and change in the Django admin; reservations change only through flows."""

from booking.admin.attendance import AttendanceAdmin, WebhookDeliveryAdmin
from booking.admin.hosts import MeetingHostAdmin
from booking.admin.link import MeetingLinkAdmin
from booking.admin.office_text import OfficeTextAdmin
from booking.admin.policy import PolicyVersionAdmin
from booking.admin.reservation import ReservationAdmin
from booking.admin.restriction import ConsequenceRuleAdmin, RecognitionAdmin, RestrictionAdmin
from booking.admin.schedule import AbsenceAdmin, CounselorAdmin, InterpreterHoursAdmin, OpeningWindowAdmin
from booking.admin.service import ServiceAdmin

__all__ = [
    "AbsenceAdmin",
    "AttendanceAdmin",
    "ConsequenceRuleAdmin",
    "CounselorAdmin",
    "InterpreterHoursAdmin",
    "MeetingHostAdmin",
    "MeetingLinkAdmin",
    "OfficeTextAdmin",
    "OpeningWindowAdmin",
    "PolicyVersionAdmin",
    "RecognitionAdmin",
    "ReservationAdmin",
    "RestrictionAdmin",
    "ServiceAdmin",
    "WebhookDeliveryAdmin",
]
