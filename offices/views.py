"""お知らせ: all of them, and each at an address that stays."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from offices.models import Announcement

ON_ONE_PAGE = 20


@require_safe
def announcements(request: HttpRequest) -> HttpResponse:
    """The newest first, what is over included and marked."""
    now = timezone.now()
    rows = Announcement.objects.public(now).select_related("office")
    page = Paginator(rows, ON_ONE_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "offices/announcements.html", {"page": page, "rows": [(row, row.is_over(now=now)) for row in page]}
    )


@require_safe
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    shown = get_object_or_404(Announcement.objects.public(now).select_related("office"), pk=pk)
    return render(request, "offices/announcement.html", {"announcement": shown, "is_over": shown.is_over(now=now)})
