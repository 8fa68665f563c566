"""What the meeting software told: for the national administrator, to read. Staff see it at the reservation."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from audit.permissions import is_national
from booking.models import Attendance, WebhookDelivery


class ReadByNational(admin.ModelAdmin[Any]):
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_national(request.user)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return is_national(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadByNational):
    list_display = ["received_at", "event", "meeting_id", "sent_at", "processed_at"]
    list_filter = ["event", ("processed_at", admin.EmptyFieldListFilter)]
    search_fields = ["=meeting_id"]
    fields = ["event", "meeting_id", "sent_at", "received_at", "processed_at", "digest"]


@admin.register(Attendance)
class AttendanceAdmin(ReadByNational):
    list_display = ["meeting", "is_host", "waited_at", "joined_at", "left_at", "seen_by"]
    list_filter = ["is_host", "seen_by"]
    list_select_related = ["meeting"]
    search_fields = ["=meeting__meeting_id"]
