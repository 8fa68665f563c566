from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from booking.admin.schedule import warn
from booking.link_forms import MeetingLinkForm
from booking.models import MeetingLink, OnlineMeeting, Reservation
from booking.permissions import can_manage_office
from offices.models import Office
from offices.roles import managed_offices
from offices.scoped_admin import ScopedAdmin


@admin.register(MeetingLink)
class MeetingLinkAdmin(ScopedAdmin):
    """The pool of an office: the manager decides, the others read. A link is switched off, never deleted."""

    form = MeetingLinkForm
    list_display = ["name", "office", "has_lobby", "is_active"]
    list_filter = ["is_active", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office"]
    search_fields = ["name"]

    def may_change(self, user: Any, obj: MeetingLink) -> bool:
        return can_manage_office(user, obj.office)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        return managed_offices(user) if model is Office else super().choices_for(user, model)

    def save_model(self, request: HttpRequest, obj: MeetingLink, form: Any, change: bool) -> None:
        """Reservations that are made keep the address they were told."""
        super().save_model(request, obj, form, change)
        if change and {"url", "number", "passcode", "is_active"} & set(form.changed_data):
            sentence = _("次の予約は、前の会議のURLのままです。使えないときは、予約ごとにURLを差し替えてください。")
            warn(request, sentence, led_by(obj))


def led_by(link: MeetingLink) -> QuerySet[Reservation]:
    """Reservations still to come that lead to a link of the pool, the earliest first."""
    meetings = OnlineMeeting.objects.live().filter(link=link).values("reservation")
    return Reservation.objects.upcoming().filter(pk__in=meetings, ends_at__gt=timezone.now()).order_by("starts_at")
