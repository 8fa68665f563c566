"""Accounts of staff, seekers and employers, for the national administrator only.

Locking and erasing are acts with a reason (J-16, J-28).
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.deletion import can_be_erased, erase_ex_officio, notices_for
from accounts.flows.invite import invite_staff, send_password_link
from accounts.flows.lock import lock_account, reset_second_factor, unlock_account
from accounts.forms import EraseForm, LockForm, StaffCreationForm
from accounts.models import EmployerProfile, SeekerProfile, User
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


class EmployerProfileInline(NationalAdministratorOnly, admin.StackedInline[EmployerProfile, User]):
    model = EmployerProfile
    can_delete = False
    extra = 0
    readonly_fields = ["company_name", "establishment_number", "department", "phone", "home_office"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(NationalAdministratorOnly, admin.ModelAdmin[User]):
    list_display = ["email", "name", "employer", "is_staff", "is_superuser", "is_active", "last_login"]
    list_select_related = ["employer_profile"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "name", "kana", "employer_profile__company_name"]
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
    change_form_template = "accounts/admin_user.html"

    def get_urls(self) -> list[URLPattern]:
        erasing = self.admin_site.admin_view(self.erase_view)
        return [path("<path:object_id>/erase/", erasing, name="accounts_user_erase"), *super().get_urls()]

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
        if obj is None or obj.is_staff:
            return []
        return [EmployerProfileInline if obj.is_employer else SeekerProfileInline]

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

    @admin.display(description=_("事業所"), ordering="employer_profile__company_name")
    def employer(self, user: User) -> str:
        return user.employer_profile.company_name if user.is_employer else ""

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

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        person = kwargs.get("obj")
        return super().render_change_form(
            request, {**context, "can_be_erased": person is not None and can_be_erased(person)}, *args, **kwargs
        )

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """登録の抹消 (J-28): a page that says what goes and asks for the reason and a message to the person."""
        if not is_national(request.user):
            raise PermissionDenied
        person = get_object_or_404(User, pk=int(object_id) if object_id.isdecimal() else 0)
        if not can_be_erased(person):
            raise Http404("staff are locked, not erased")
        now = timezone.now()
        form = EraseForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            erase_ex_officio(person, by=request.user, now=now, request=request, **form.cleaned_data)  # type: ignore[arg-type]
            messages.success(request, _now("登録を抹消しました。"))
            return redirect("admin:accounts_user_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _now("登録を抹消します"),
            "opts": self.opts,
            "person": person,
            "form": form,
            "notices": notices_for(person, now=now),
            "back": reverse("admin:accounts_user_change", args=[person.pk]),
        }
        return TemplateResponse(request, "accounts/admin_erase.html", context)

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
