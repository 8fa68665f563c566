from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from booking.models import Service
from booking.policies import BookingPolicy
from booking.views.seeker import drafts
from offices.models import Office

NATIONAL = {"hold_lasts": BookingPolicy.hold_lasts, "join_opens_before": BookingPolicy.join_opens_before}
"""What pages about no single service tell of the policy."""


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What this is, and the offices with their services."""
    services = Service.objects.open_to_seekers().select_related("office").order_by("office__number", "position", "id")
    return render(request, "booking/start.html", {"services": services, "national": NATIONAL})


@require_safe
def office(request: HttpRequest, number: str) -> HttpResponse:
    shown = get_object_or_404(Office.objects.open_to_seekers(), number=number)
    services = Service.objects.open_to_seekers().filter(office=shown).prefetch_related("hours")
    return render(request, "booking/office.html", {"office": shown, "services": services})


@require_safe
def service(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(
        Service.objects.open_to_seekers().select_related("office", "terms", "software_terms").prefetch_related("hours"),
        pk=pk,
    )
    return render(request, "booking/service.html", {"service": shown, "office": shown.office})


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
