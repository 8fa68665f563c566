"""Accounts of staff and seekers, for the national administrator only. Locking is an act with a reason (J-16)."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.flows.invite import invite_staff, send_password_link
from accounts.flows.lock import lock_account, reset_second_factor, unlock_account
from accounts.forms import LockForm, StaffCreationForm
from accounts.models import SeekerProfile, User
from audit.permissions import is_national
from audit.record import record


class NationalAdministratorOnly:
    """Nobody else sees that this part exists; nothing here is deleted (records point to it)."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_national(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_national(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_national(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_national(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SeekerProfileInline(NationalAdministratorOnly, admin.StackedInline[SeekerProfile, User]):
    model = SeekerProfile
    can_delete = False
    extra = 0
    readonly_fields = ["postal_code", "address", "phone", "seeker_number", "home_office"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(NationalAdministratorOnly, admin.ModelAdmin[User]):
    list_display = ["email", "name", "is_staff", "is_superuser", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "name", "kana"]
    ordering = ["email"]
    fields = [
        "email",
        "name",
        "kana",
        "is_superuser",
        "is_staff",
        "is_active",
        "date_joined",
        "last_login",
        "deleted_at",
    ]
    readonly_fields = ["email", "is_staff", "is_active", "date_joined", "last_login", "deleted_at"]
    actions = ["lock", "unlock", "reset_second_factor", "invite_again"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers as a filter: `?password__startswith=…` would tell a hash letter by letter."""
        return lookup.partition("__")[0] in self.list_filter and super().lookup_allowed(lookup, value, request)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.fields if obj else ["email", "name", "kana", "is_superuser"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return []
        return self.readonly_fields if obj.is_staff else self.fields

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return [SeekerProfileInline] if obj and not obj.is_staff else []

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = StaffCreationForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            invite_staff(obj, by=request.user, request=request)  # type: ignore[arg-type]
            messages.success(request, _now("招待のメールを %(email)s に送りました。") % {"email": obj.email})
        elif form.changed_data:
            changed = {"fields": form.changed_data}
            record("account.staff_changed", actor=request.user, subject=str(obj.pk), detail=changed, request=request)

    @admin.action(description=_("アカウントを今すぐ停止する"))
    def lock(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        return self._with_reason(request, queryset, lock_account, title=_now("アカウントを停止します"), action="lock")

    @admin.action(description=_("停止を解除する"))
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        return self._with_reason(request, queryset, unlock_account, title=_now("停止を解除します"), action="unlock")

    @admin.action(description=_("2段階認証を解除する（端末をなくした人）"))
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        title = _now("2段階認証を解除します")
        return self._with_reason(request, queryset, reset_second_factor, title=title, action="reset_second_factor")

    @admin.action(description=_("職員にパスワード設定のメールを送る"))
    def invite_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        staff = queryset.filter(is_staff=True, is_active=True)
        for user in staff:
            send_password_link(user, request=request)
        messages.success(request, _now("%(count)d人に送りました。") % {"count": len(staff)})

    def _with_reason(
        self, request: HttpRequest, queryset: QuerySet[User], act: Any, *, title: str, action: str
    ) -> HttpResponse:
        queryset = queryset.exclude(pk=request.user.pk or 0)  # nobody locks themselves out
        form = LockForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            for user in queryset:
                act(user, by=request.user, reason=form.cleaned_data["reason"], request=request)
            messages.success(request, _now("%(count)d件を処理しました。") % {"count": len(queryset)})
            return HttpResponseRedirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "form": form,
            "users": queryset,
            "action": action,
            "opts": self.opts,
        }
        return TemplateResponse(request, "accounts/admin_reason.html", context)
