from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.models import AuditRecord
from audit.permissions import is_national


class OfficeNumberFilter(admin.SimpleListFilter):
    """The offices that occur; acts outside any office have no number and need no link."""

    title = _("安定所番号")
    parameter_name = "office_number"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        numbers = AuditRecord.objects.exclude(office_number="").order_by("office_number")
        return [(number, number) for number in numbers.values_list("office_number", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditRecord]) -> QuerySet[AuditRecord]:
        return queryset.filter(office_number=number) if (number := self.value()) else queryset


@admin.register(AuditRecord)
class AuditRecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to read, for the national administrator; the database refuses any change anyway (J-18)."""

    list_display = ["at", "actor", "action", "subject", "office_number", "address"]
    list_select_related = ["actor"]
    list_filter = ["action", OfficeNumberFilter]
    search_fields = ["actor__email", "subject"]
    date_hierarchy = "at"
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_national(request.user)

    def has_view_permission(self, request: HttpRequest, obj: AuditRecord | None = None) -> bool:
        return is_national(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditRecord | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditRecord | None = None) -> bool:
        return False
