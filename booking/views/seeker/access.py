"""Who may open the seeker's pages, and which reservation a page speaks of. What is somebody else's does not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from booking.enums import UNFINISHED, ReservationStatus
from booking.models import Reservation, Service
from terms.decorators import portal_consent_required

Page = Callable[..., Any]


def seeker_page(view: Page) -> Page:
    """For signed-in people who agreed to the portal's current terms."""
    page: Page = login_required(portal_consent_required(view))
    return page


def open_service(pk: int) -> Service:
    services = Service.objects.open_to_seekers().select_related("office", "terms", "software_terms")
    return get_object_or_404(services, pk=pk)


def own_reservation(request: HttpRequest, number: str) -> Reservation:
    reservations = Reservation.objects.of_seeker(request.user).booked()
    return get_object_or_404(reservations.select_related("service", "office", "counselor"), number=number)


def booking_step(view: Page) -> Page:
    """A page on the way from the held time to the reservation: gets the held row, or leads back to where one is."""

    @seeker_page
    @wraps(view)
    def step(request: HttpRequest, number: str) -> HttpResponse:
        rows = Reservation.objects.of_seeker(request.user).select_related(
            "service__office", "service__terms", "service__software_terms", "counselor"
        )
        held = get_object_or_404(rows, number=number)
        if held.status in UNFINISHED:
            answer: HttpResponse = view(request, held)
            return answer
        if held.status == ReservationStatus.RELEASED:
            messages.warning(request, _("この時間の仮押さえは終わっています。お手数ですが、時間を選び直してください。"))
            return redirect("booking:times", held.service_id)
        return redirect("booking:done", held.number)

    return step
