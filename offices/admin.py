from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.permissions import is_national
from offices.models import Bureau, ClosedDay, Office, Role, StaffMembership
from offices.roles import has_role, has_role_somewhere, managed_offices
from offices.scoped_admin import NationalAdmin, ScopedAdmin


@admin.register(Bureau)
class BureauAdmin(NationalAdmin):
    list_display = ["code", "name"]
    search_fields = ["code", "name"]


@admin.register(Office)
class OfficeAdmin(ScopedAdmin):
    """Everybody reads their own office; the national administrator changes it. None is ever deleted."""

    list_display = ["number", "name", "phone", "contact_hours", "is_active"]
    search_fields = ["number", "name"]

    def may_add(self, user: Any) -> bool:
        return is_national(user)

    def may_change(self, user: Any, obj: Office) -> bool:
        return is_national(user)

    def may_delete(self, user: Any, obj: Office) -> bool:
        return False

    def office_number_of(self, obj: Office) -> str:
        return obj.number


@admin.register(ClosedDay)
class ClosedDayAdmin(ScopedAdmin):
    """The manager of the office, or the national administrator."""

    list_display = ["day", "office", "reason"]
    list_filter = [("office", admin.RelatedOnlyFieldListFilter)]
    date_hierarchy = "day"

    def may_change(self, user: Any, obj: ClosedDay) -> bool:
        return has_role(user, obj.office_id, Role.MANAGER)

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        return managed_offices(user) if model is Office else super().choices_for(user, model)


@admin.register(StaffMembership)
class StaffMembershipAdmin(ScopedAdmin):
    """The manager sees who works at the office; the national administrator decides it."""

    list_display = ["user", "office", "role", "is_active"]
    list_filter = ["role", "is_active", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "office"]
    search_fields = ["user__name", "user__email"]
    search_help_text = _("氏名またはメールアドレス")

    def get_queryset(self, request: Any) -> QuerySet[StaffMembership]:
        return super().get_queryset(request).filter(office__in=managed_offices(request.user))

    def may_add(self, user: Any) -> bool:
        return is_national(user)

    def may_change(self, user: Any, obj: StaffMembership) -> bool:
        return is_national(user)

    def may_delete(self, user: Any, obj: StaffMembership) -> bool:
        return False

    def has_module_permission(self, request: Any) -> bool:
        return super().has_module_permission(request) and has_role_somewhere(request.user, Role.MANAGER)

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        return User.objects.filter(is_staff=True) if model is User else super().choices_for(user, model)
