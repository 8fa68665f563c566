"""参加のしかた of a reservation: by which software, and on the telephone, who calls whom."""

from dataclasses import dataclass

from booking.models import OnlineMeeting, Reservation
from offices.enums import MeetingSoftware, PhoneCaller


@dataclass(frozen=True, kw_only=True)
class TakingPart:
    software: MeetingSoftware
    label: str
    meeting: OnlineMeeting | None
    """The one that can be entered; None while it is being prepared."""
    office_calls: bool
    number: str
    """What is dialled in a session by telephone: the person's number, or the office's."""

    @property
    def is_by_phone(self) -> bool:
        return self.software == MeetingSoftware.PHONE

    @property
    def is_by_link(self) -> bool:
        return self.software == MeetingSoftware.LINK


def taking_part_in(reservation: Reservation, *, meeting: OnlineMeeting | None = None) -> TakingPart:
    """By the row that was made with it; a service that changed its software since changes nothing here.

    One query, or none when the row is given.
    """
    row = meeting or OnlineMeeting.objects.live().filter(reservation=reservation).first()
    service = reservation.service
    software = MeetingSoftware(row.software) if row is not None else service.software
    office_calls = service.phone_caller == PhoneCaller.OFFICE
    return TakingPart(
        software=software,
        label=service.label_of(software),
        meeting=row if row is not None and row.can_be_entered else None,
        office_calls=office_calls,
        number=reservation.phone if office_calls else service.phone_number or reservation.office.phone,
    )
