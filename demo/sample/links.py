"""The rooms of 見本・佐世保 at TeleOffice. Addresses nobody answers at; `demo.addresses` allows the host."""

from datetime import datetime

from accounts.models import User
from booking.models import MeetingLink, Reservation, Service
from demo.addresses import LINK_HOST
from demo.sample.ways import book
from offices.models import Office

ROOMS = 2


def book_before_the_pool(service: Service, seeker: User, *, now: datetime) -> Reservation:
    """Made when the office had no rooms yet: its link is missing until staff enter it."""
    return book(service, seeker, now=now, number=32)


def load_pool(office: Office) -> None:
    for number in range(1, ROOMS + 1):
        MeetingLink.objects.get_or_create(
            office=office,
            name=f"見本相談室{number}",
            defaults={
                "url": f"https://{LINK_HOST}/room/{office.number}-{number}",
                "number": f"{office.number}{number}",
                "passcode": f"mihon{number}",
            },
        )
