from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.clock import day_of
from booking.models import PolicyVersion, Service
from booking.policies import BookingPolicy
from booking.views.seeker import drafts
from booking.views.seeker.access import open_service
from offices.models import Announcement, Office

NATIONAL = {"hold_lasts": BookingPolicy.hold_lasts, "join_opens_before": BookingPolicy.join_opens_before}
"""What pages about no single service tell of the policy."""
MOST_ANNOUNCEMENTS = 5


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What this is, and the offices with their services."""
    services = Service.objects.open_to_seekers().select_related("office").order_by("office__number", "position", "id")
    context: dict[str, Any] = {"services": with_rules_of_today(services, "policy_versions"), "national": NATIONAL}
    context["announcements"] = Announcement.objects.national().current(timezone.now())[:MOST_ANNOUNCEMENTS]
    return render(request, "booking/start.html", context)


@require_safe
def office(request: HttpRequest, number: str) -> HttpResponse:
    shown = get_object_or_404(Office.objects.open_to_seekers(), number=number)
    services = Service.objects.open_to_seekers().filter(office=shown).select_related("office")
    rows = with_rules_of_today(services, "policy_versions__hours")
    context: dict[str, Any] = {"office": shown, "services": [row for row in rows if not row[1].policy.is_for_employers]}
    context["for_employers"] = [row for row in rows if row[1].policy.is_for_employers]
    context["announcements"] = shown.announcements.current(timezone.now())[:MOST_ANNOUNCEMENTS]
    return render(request, "booking/office.html", context)


@require_safe
def service(request: HttpRequest, pk: int) -> HttpResponse:
    shown = open_service(pk)
    version = shown.version_on(day_of(timezone.now()))
    return render(request, "booking/service.html", {"service": shown, "office": shown.office, "version": version})


def with_rules_of_today(services: QuerySet[Service], prefetch: str) -> list[tuple[Service, PolicyVersion]]:
    today = day_of(timezone.now())
    return [(service, service.version_on(today)) for service in services.prefetch_related(prefetch)]


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "booking/help.html", {"offices": Office.objects.open_to_seekers(), "national": NATIONAL})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(
        request, "booking/accessibility.html", {"offices": Office.objects.open_to_seekers(), "national": NATIONAL}
    )


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a person lands after signing in: at the time chosen before, if any."""
    if request.user.is_authenticated and request.user.is_staff:
        return redirect("admin:index")
    return redirect(drafts.kept_choice(request) or "booking:my_page")
