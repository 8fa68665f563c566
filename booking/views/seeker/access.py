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
PROVED = "guest_reservations"
"""Key in the session: the numbers of the reservations that a guest proved to be theirs."""
MOST_PROVED = 5


def seeker_page(view: Page) -> Page:
    """For signed-in people who agreed to the portal's current terms."""
    page: Page = login_required(portal_consent_required(view))
    return page


def open_service(pk: int) -> Service:
    services = Service.objects.open_to_seekers().select_related("office", "terms", "software_terms")
    return get_object_or_404(services, pk=pk)


def reservation_page(view: Page) -> Page:
    """For the owner who is signed in, or the guest who proved in this session that the reservation is theirs (S-33)."""
    of_account = seeker_page(view)

    @wraps(view)
    def page(request: HttpRequest, number: str) -> HttpResponse:
        answer: HttpResponse = (view if has_proved(request, number) else of_account)(request, number)
        return answer

    return page


def own_reservation(request: HttpRequest, number: str) -> Reservation:
    """The account's reservation, or the guest's who proved it: nobody else's, whatever number is asked for."""
    if has_proved(request, number):
        reservations = Reservation.objects.filter(seeker=None)
    else:
        reservations = Reservation.objects.of_seeker(request.user)
    with_facts = reservations.booked().select_related("service", "office", "counselor", "seeker", "guest")
    return get_object_or_404(with_facts, number=number)


def has_proved(request: HttpRequest, number: str) -> bool:
    """Did the guest open a link of this reservation, or give its passcode, in this session?"""
    return number in request.session.get(PROVED, [])


def keep_proof(request: HttpRequest, reservation: Reservation) -> None:
    """Of a guest's reservation only: an account signs in. With a new session key, as after a sign-in."""
    if not request.user.is_authenticated:
        request.session.cycle_key()
    numbers = [number for number in request.session.get(PROVED, []) if number != reservation.number]
    request.session[PROVED] = [*numbers, reservation.number][-MOST_PROVED:]


def forget_proofs(request: HttpRequest) -> None:
    request.session.pop(PROVED, None)


def booking_step(view: Page) -> Page:
    """A page on the way from the held time to the reservation: gets the held row, or leads back to where one is."""

    @seeker_page
    @wraps(view)
    def step(request: HttpRequest, number: str) -> HttpResponse:
        rows = Reservation.objects.of_seeker(request.user).select_related(
            "seeker__employer_profile", "service__office", "service__terms", "service__software_terms", "counselor"
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
