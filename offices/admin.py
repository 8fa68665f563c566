from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.permissions import is_national
from offices.announcements import forget_banners, publish_again, withdraw
from offices.models import Announcement, Bureau, ClosedDay, Office, Role, StaffMembership
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


@admin.register(Announcement)
class AnnouncementAdmin(ScopedAdmin):
    """The manager for the own office, the national administrator for all and for the portal. None is ever deleted."""

    list_display = ["title", "kind", "whose", "published_from", "state"]
    list_select_related = ["office"]
    list_filter = ["kind", ("office", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["title"]
    fieldsets = [
        (None, {"fields": ["office", "kind", "title", "body", "is_urgent"]}),
        (_("掲載"), {"fields": ["published_from", "published_until"]}),
        (_("計画停止のとき"), {"fields": ["stop_begins_at", "stop_ends_at"]}),
    ]
    actions = ["withdraw", "publish_again"]

    def may_change(self, user: Any, obj: Announcement) -> bool:
        if obj.office_id is None:
            return is_national(user)
        return has_role(user, obj.office_id, Role.MANAGER)

    def may_delete(self, user: Any, obj: Announcement) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        return managed_offices(user) if model is Office else super().choices_for(user, model)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only the national administrator leaves the office empty."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field and not is_national(request.user):
            field.required, field.help_text = True, ""
        return field

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget_banners()

    @admin.display(description=_("安定所"), ordering="office__number")
    def whose(self, row: Announcement) -> str:
        return str(row.office) if row.office else _now("全国")

    @admin.display(description=_("状態"))
    def state(self, row: Announcement) -> str:
        now = timezone.now()
        if row.withdrawn_at:
            return _now("取り下げ")
        if row.is_over(now=now):
            return _now("終了")
        return _now("掲載中") if row.published_from <= now else _now("掲載前")

    @admin.action(description=_("選んだお知らせを取り下げる"), permissions=["add"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        self._act(request, queryset, withdraw)

    @admin.action(description=_("取り下げたお知らせをもう一度掲載する"), permissions=["add"])
    def publish_again(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        self._act(request, queryset, publish_again)

    def _act(self, request: HttpRequest, queryset: QuerySet[Announcement], act: Any) -> None:
        own = [row for row in queryset.select_related("office") if self.may_change(request.user, row)]
        for row in own:
            act(row, by=request.user, now=timezone.now(), request=request)
        messages.success(request, _now("%(count)d件を処理しました。") % {"count": len(own)})
