from booking.models.attendance import Attendance, WebhookDelivery
from booking.models.guest import Guest
from booking.models.host import HostCalls, MeetingHost
from booking.models.link import MeetingLink
from booking.models.meeting import OnlineMeeting
from booking.models.office_text import OfficeText
from booking.models.policy import PolicyVersion, Question, ServiceHours
from booking.models.request import SessionRequest
from booking.models.reservation import Reservation, ReservationEvent
from booking.models.restriction import ConsequenceRule, Recognition, Restriction
from booking.models.schedule import Absence, Counselor, InterpreterHours, OpeningWindow
from booking.models.service import Service
from booking.models.waiting import Offer, UnmetDemand, WaitingEntry

__all__ = [
    "Absence",
    "Attendance",
    "ConsequenceRule",
    "Counselor",
    "Guest",
    "HostCalls",
    "InterpreterHours",
    "MeetingHost",
    "MeetingLink",
    "Offer",
    "OfficeText",
    "OnlineMeeting",
    "OpeningWindow",
    "PolicyVersion",
    "Question",
    "Recognition",
    "Reservation",
    "ReservationEvent",
    "Restriction",
    "Service",
    "ServiceHours",
    "SessionRequest",
    "UnmetDemand",
    "WaitingEntry",
    "WebhookDelivery",
]
