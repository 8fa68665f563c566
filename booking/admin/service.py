from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from booking.models import Service, ServiceHours
from booking.permissions import can_manage_office
from offices.models import Office, Role
from offices.roles import has_role_somewhere, managed_offices
from offices.scoped_admin import ScopedAdmin
from terms.models import TermsDocument


class ServiceHoursInline(admin.TabularInline[ServiceHours, Service]):
    model = ServiceHours
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_hours(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_hours(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_hours(request, obj)


def may_edit_hours(request: HttpRequest, service: Service | None) -> bool:
    if service is None:
        return has_role_somewhere(request.user, Role.MANAGER)
    return can_manage_office(request.user, service.office)


@admin.register(Service)
class ServiceAdmin(ScopedAdmin):
    """The manager of the office decides; the others read. A service is switched off, never deleted."""

    list_display = ["name", "office", "length_minutes", "cancel_channel", "is_active"]
    list_filter = ["is_active", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office"]
    search_fields = ["name"]
    inlines = [ServiceHoursInline]

    def may_change(self, user: Any, obj: Service) -> bool:
        return can_manage_office(user, obj.office)

    def may_delete(self, user: Any, obj: Service) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        if model is TermsDocument:
            own = managed_offices(user).values("number")
            return TermsDocument.objects.filter(Q(office_number="") | Q(office_number__in=own))
        return managed_offices(user) if model is Office else super().choices_for(user, model)
