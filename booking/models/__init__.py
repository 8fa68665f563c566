from booking.models.meeting import OnlineMeeting
from booking.models.reservation import Reservation, ReservationEvent
from booking.models.schedule import Absence, Counselor, OpeningWindow
from booking.models.service import Service, ServiceHours

__all__ = [
    "Absence",
    "Counselor",
    "OnlineMeeting",
    "OpeningWindow",
    "Reservation",
    "ReservationEvent",
    "Service",
    "ServiceHours",
]
