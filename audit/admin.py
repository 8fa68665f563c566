from django.contrib import admin
from django.http import HttpRequest

from audit.models import AuditRecord
from audit.permissions import is_national


@admin.register(AuditRecord)
class AuditRecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to read, for the national administrator; the database refuses any change anyway (J-18)."""

    list_display = ["at", "actor", "action", "subject", "office_number", "address"]
    list_select_related = ["actor"]
    list_filter = ["action", "office_number"]
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
