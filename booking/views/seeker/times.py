"""From the free times of a service to the held one."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.ratelimits import consume_if_counting
from booking.availability import Search, free_slots, nearest_slots
from booking.clock import day_of
from booking.deadlines import booking_policy
from booking.enums import BookingWay
from booking.errors import BookingError, SlotTaken
from booking.flows.hold import hold as hold_time
from booking.flows.hold import release as release_time
from booking.forms import ChoiceForm, FilterForm
from booking.models import Counselor, Reservation, Service
from booking.policies import SELF_SERVICE
from booking.views.demand import note_visitor
from booking.views.seeker import drafts
from booking.views.seeker.access import booking_step, open_service, seeker_page
from booking.views.seeker.time_buttons import buttons_of, days_of
from terms.consent import missing_consents, portal_documents


@require_safe
def times(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that can be booked now, on one page: the next free time, then day by day, each time once.

    Where nobody chooses a free time, the page of the service tells the way.
    """
    now = timezone.now()
    service = open_service(pk)
    if booking_policy(service, now=now).way not in SELF_SERVICE:
        return redirect("booking:service", pk)
    filter_form = FilterForm(request.GET, service=service)
    chosen, language = filter_form.chosen(), filter_form.language_chosen()
    search = Search(service=service, now=now, person=_seeker(request), counselor=chosen, language=language)
    context = {"service": service, "filter_form": filter_form, "chosen": chosen, "language": language}
    context |= {"days": days_of(free_slots(search)), "version": service.version_on(day_of(now))}
    context["held"] = _own_hold(request, now)
    if not context["days"] and chosen is None:
        note_visitor(request, service, now=now)
    return render(request, "booking/times.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold the chosen time. Who must sign in or agree first comes back to the choice afterwards (GET)."""
    service = open_service(pk)
    if service.version_on(day_of(timezone.now())).policy.way == BookingWay.MAIL_LINK:
        return _on_to_request(request, service)
    if request.method != "POST":
        answer: HttpResponse = choice(request, service)
        return answer
    form = ChoiceForm(request.POST, service=service)
    if not form.is_valid():
        messages.warning(request, _("時間を選び直してください。"))
        return redirect("booking:times", pk)
    if _must_be_asked_first(request):
        url = choice_url("booking:hold", service, **form.cleaned_data)
        drafts.keep_choice(request, url)
        return redirect(url)
    if not consume_if_counting("booking", str(request.user.pk), settings.BOOKING_RATE_LIMITS["user"]):
        return render(request, "429.html", status=429)
    return _hold(request, service, form.cleaned_data)


@seeker_page
def choice(request: HttpRequest, service: Service) -> HttpResponse:
    """The time chosen before signing in, with the button that holds it."""
    form = ChoiceForm(request.GET, service=service)
    if not form.is_valid():
        return redirect("booking:times", service.pk)
    context = {"service": service, "choice": form.cleaned_data, "version": service.version_on(day_of(timezone.now()))}
    return render(request, "booking/choice.html", context)


@require_safe
def taken(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody was faster: the three nearest free times. What was typed stays."""
    service = open_service(pk)
    form = ChoiceForm(request.GET, service=service)
    if not form.is_valid():
        return redirect("booking:times", pk)
    start = form.cleaned_data["start"]
    slots = nearest_slots(Search(service=service, now=timezone.now(), person=_seeker(request)), around=start)
    return render(request, "booking/taken.html", {"service": service, "start": start, "times": buttons_of(slots)})


@require_POST
@booking_step
def release(request: HttpRequest, held: Reservation) -> HttpResponse:
    release_time(held, by=request.user, now=timezone.now())
    messages.success(request, _("選んだ時間を取りやめました。入力した内容は残っています。"))
    return redirect("booking:times", held.service_id)


def _on_to_request(request: HttpRequest, service: Service) -> HttpResponse:
    """By mail link nobody signs in first, and no place is kept before the request (S-30)."""
    form = ChoiceForm(request.POST or request.GET, service=service)
    if form.is_valid():
        return redirect(choice_url("booking:link_details", service, **form.cleaned_data))
    messages.warning(request, _("時間を選び直してください。"))
    return redirect("booking:times", service.pk)


def _hold(request: HttpRequest, service: Service, chosen: dict[str, Any]) -> HttpResponse:
    start = chosen["start"]
    wish = {"service": service, "starts_at": start, "counselor": chosen["counselor"], "language": chosen["language"]}
    try:
        held = hold_time(seeker=request.user, now=timezone.now(), **wish)
    except SlotTaken:
        return redirect(choice_url("booking:taken", service, start=start))
    except BookingError as refusal:
        messages.warning(request, refusal.message)
        return redirect("booking:times", service.pk)
    drafts.forget_choice(request)
    return redirect("booking:details", held.number)


def _must_be_asked_first(request: HttpRequest) -> bool:
    if not request.user.is_authenticated:
        return True
    return bool(missing_consents(request.user, documents=portal_documents(), on=day_of(timezone.now())))


def choice_url(
    url_name: str, service: Service, *, start: datetime, counselor: Counselor | None = None, language: str = ""
) -> str:
    """A page that speaks of this time; it is in the URL, so that it lives through signing in."""
    query = {"start": start.isoformat(timespec="minutes")}
    if counselor is not None:
        query["counselor"] = str(counselor.pk)
    if language:
        query["language"] = language
    return f"{reverse(url_name, args=[service.pk])}?{urlencode(query)}"


def _seeker(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None


def _own_hold(request: HttpRequest, now: datetime) -> Reservation | None:
    if not request.user.is_authenticated:
        return None
    holds = Reservation.objects.of_seeker(request.user).running_holds(now)
    return holds.select_related("service").first()
