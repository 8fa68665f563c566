"""利用制限, 利用の認定 and 無断欠席への対応: decided by staff, never edited afterwards, lifted or revoked with a page of its own."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxValueValidator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from booking.clock import day_of
from booking.enums import Ground
from booking.errors import BookingError
from booking.flows.recognise import account_known_to, person_known_to, recognise, revoke
from booking.flows.restrict import coming_of, lift, restrict
from booking.mails.consequences import default_text
from booking.models import ConsequenceRule, Counselor, Recognition, Restriction
from booking.permissions import can_manage_office, can_recognise, can_restrict, offices_that_recognise
from booking.views.act_forms import ReasonForm, RestrictionForm, day_field
from booking.views.consequences import tell_about_person
from offices.models import Office
from offices.roles import managed_offices
from offices.scoped_admin import ScopedAdmin

MOST_MONTHS = 120
"""Ten years: longer than anything is kept that could be counted."""


def who_field() -> forms.CharField:
    return forms.CharField(
        label=_("どなたを"),
        max_length=254,
        help_text=_("メールアドレスか求職番号の全部、または予約番号。この安定所に予約か申込みのある方だけを探せます。"),
        error_messages={"required": _("メールアドレスか求職番号を入力してください。")},
    )


class DecidedAdmin(ScopedAdmin):
    """A row is made by a flow with a form of its own, read here, and ended by a flow; nothing else changes it."""

    add_title: Any
    end_title: Any
    end_url: str
    add_form: Callable[..., forms.Form]
    end_form: type[forms.Form] = ReasonForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_end(self, user: Any, obj: Any) -> bool:
        raise NotImplementedError

    def is_over(self, obj: Any) -> bool:
        raise NotImplementedError

    def make(self, request: HttpRequest, told: dict[str, Any]) -> Any:
        raise NotImplementedError

    def end(self, request: HttpRequest, obj: Any, told: dict[str, Any]) -> None:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"booking_{self.opts.model_name}_{self.end_url}"
        ending = path(f"<path:object_id>/{self.end_url}/", self.admin_site.admin_view(self.end_view), name=name)
        return [ending, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.add_form(request.POST if request.method == "POST" else None, user=request.user)
        if form.is_valid() and (made := self._made(request, form)):
            return redirect(self.page_of(made))
        context = {**self._page(request, title=self.add_title), "form": form, "button": self.add_title}
        return TemplateResponse(request, "admin/decide.html", context)

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = get_object_or_404(self.get_queryset(request), pk=int(object_id) if object_id.isdecimal() else 0)
        if not self.may_end(request.user, obj):
            raise PermissionDenied
        form = self.end_form(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._ended(request, obj, form):
            return redirect(self.page_of(obj))
        context = {
            **self._page(request, title=self.end_title),
            "form": form,
            "button": self.end_title,
            "object": obj,
            "is_over": self.is_over(obj),
        }
        return TemplateResponse(request, "admin/decide.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        may_end = obj is not None and self.may_end(request.user, obj) and not self.is_over(obj)
        end = reverse(f"admin:booking_{self.opts.model_name}_{self.end_url}", args=[object_id]) if may_end else ""
        more = {"end_url": end, "end_title": self.end_title, **self.shown_with(obj)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def shown_with(self, obj: Any) -> dict[str, Any]:
        return {}

    def page_of(self, obj: Any) -> str:
        return reverse(f"admin:booking_{self.opts.model_name}_change", args=[obj.pk])

    def _made(self, request: HttpRequest, form: forms.Form) -> Any:
        try:
            made = self.make(request, dict(form.cleaned_data))
        except BookingError as refusal:
            form.add_error("who" if refusal.code == "person_unknown" else None, refusal.message)
            return None
        self._audit(request, made, "added")
        messages.success(request, _now("記録しました。"))
        return made

    def _ended(self, request: HttpRequest, obj: Any, form: forms.Form) -> bool:
        try:
            self.end(request, obj, form.cleaned_data)
        except BookingError as refusal:
            form.add_error(None, refusal.message)
            return False
        messages.success(request, _now("記録しました。"))
        return True

    def _page(self, request: HttpRequest, *, title: Any) -> dict[str, Any]:
        back = reverse(f"admin:booking_{self.opts.model_name}_changelist")
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "next": back}


class AddRestrictionForm(RestrictionForm):
    """From the list: somebody known to an office that this person manages."""

    office = forms.ModelChoiceField(Office.objects.none(), label=_("安定所"))
    who = who_field()
    field_order = ["office", "who", "ground", "reason", "ends_on", "text"]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["office"], managed_offices(user))
        office = managed_offices(user).first()
        if office is not None:
            self.fields["text"].initial = default_text(office, ground=Ground.REGISTRATION_TO_CHECK)


class AddRecognitionForm(ReasonForm):
    office = forms.ModelChoiceField(Office.objects.none(), label=_("安定所"))
    who = who_field()
    counselor = forms.ModelChoiceField(
        Counselor.objects.none(),
        label=_("担当の相談員"),
        required=False,
        empty_label=_("決めない"),
        help_text=_("担当者制の相談メニューでは、この相談員だけを予約できます。"),
    )
    ends_on = day_field(required=False, label=_("いつまで"), help_text=_("この日まで。空欄は、取り消すまで。"))
    field_order = ["office", "who", "counselor", "ends_on", "reason"]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = offices_that_recognise(user)
        offer(self.fields["office"], own)
        offer(self.fields["counselor"], Counselor.objects.filter(office__in=own, is_active=True))


def offer(field: Any, rows: QuerySet[Any]) -> None:
    """What may be chosen; the only one is chosen already."""
    field.queryset = rows
    two = list(rows[:2])
    if field.required and len(two) == 1:
        field.initial = two[0]


@admin.register(Restriction)
class RestrictionAdmin(DecidedAdmin):
    """Managers restrict from here, those who counsel from a reservation; both lift."""

    list_display = ["begins_on", "ends_on", "person", "office", "is_lifted"]
    list_display_links = ["begins_on", "person"]
    list_filter = [("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office", "seeker", "guest"]
    fields = [
        "office",
        "person",
        "reservation",
        "ground",
        "reason",
        "text",
        "begins_on",
        "ends_on",
        "decider",
        "decided_at",
        "lifter",
        "lifted_at",
        "lifted_reason",
    ]
    readonly_fields = ["person", "decider", "lifter"]
    change_form_template = "admin/booking/decided.html"
    add_title = _("利用を制限する")
    end_title = _("制限を解除する")
    end_url = "lift"
    add_form = AddRestrictionForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Reception knows that there is a restriction, and until when; not what happened."""
        if obj is not None and can_restrict(request.user, obj.office_id):
            return self.fields
        return [name for name in self.fields if name not in ("reason", "ground", "reservation", "lifted_reason")]

    @admin.display(description=_("どなた"))
    def person(self, obj: Restriction) -> str:
        return str(obj.person)

    @admin.display(description=_("決めた職員"))
    def decider(self, obj: Restriction) -> str:
        return str(obj.decided_by)

    @admin.display(description=_("解除した職員"))
    def lifter(self, obj: Restriction) -> str:
        return str(obj.lifted_by or "")

    @admin.display(description=_("解除済み"), boolean=True)
    def is_lifted(self, obj: Restriction) -> bool:
        return obj.lifted_at is not None

    def may_end(self, user: Any, obj: Restriction) -> bool:
        return can_restrict(user, obj.office_id)

    def is_over(self, obj: Restriction) -> bool:
        return obj.lifted_at is not None

    def make(self, request: HttpRequest, told: dict[str, Any]) -> Restriction:
        person = person_known_to(told["office"], told.pop("who"))
        made = restrict(person, by=request.user, now=timezone.now(), **told)
        tell_about_person(request, person, office=made.office)
        return made

    def end(self, request: HttpRequest, obj: Restriction, told: dict[str, Any]) -> None:
        lift(obj, by=request.user, now=timezone.now(), **told)
        self._audit(request, obj, "lifted")

    def shown_with(self, obj: Any) -> dict[str, Any]:
        if obj is None or self.is_over(obj):
            return {}
        return {"coming": coming_of(obj.person, office_id=obj.office_id, now=timezone.now())}


@admin.register(Recognition)
class RecognitionAdmin(DecidedAdmin):
    """Who counsels at the office, and its manager, recognise; nobody looks through all accounts (J-07, H-16, X-13)."""

    list_display = ["begins_on", "ends_on", "seeker", "counselor", "office", "is_revoked"]
    list_display_links = ["begins_on", "seeker"]
    list_filter = [("office", admin.RelatedOnlyFieldListFilter), ("counselor", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office", "seeker", "counselor"]
    readonly_fields = ["person", "granter"]
    fields = [
        "office",
        "person",
        "counselor",
        "reason",
        "begins_on",
        "ends_on",
        "granter",
        "granted_at",
        "revoked_at",
    ]
    change_form_template = "admin/booking/decided.html"
    add_title = _("利用を認める")
    end_title = _("認定を取り消す")
    end_url = "revoke"
    add_form = AddRecognitionForm
    end_form = forms.Form

    @admin.display(description=_("どなた"))
    def person(self, obj: Recognition) -> str:
        return str(obj.seeker)

    @admin.display(description=_("認めた職員"))
    def granter(self, obj: Recognition) -> str:
        return str(obj.granted_by)

    @admin.display(description=_("取消済み"), boolean=True)
    def is_revoked(self, obj: Recognition) -> bool:
        return obj.revoked_at is not None

    def may_add(self, user: Any) -> bool:
        return offices_that_recognise(user).exists()

    def may_end(self, user: Any, obj: Recognition) -> bool:
        return can_recognise(user, obj.office_id)

    def is_over(self, obj: Recognition) -> bool:
        return obj.revoked_at is not None

    def make(self, request: HttpRequest, told: dict[str, Any]) -> Recognition:
        seeker = account_known_to(told["office"], told.pop("who"))
        return recognise(seeker, by=request.user, now=timezone.now(), **told)

    def end(self, request: HttpRequest, obj: Recognition, told: dict[str, Any]) -> None:
        revoke(obj, now=timezone.now())
        self._audit(request, obj, "revoked")


class ConsequenceRuleForm(forms.ModelForm[ConsequenceRule]):
    """Counted within our time: further back there are no days."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"within_months", "restricts_months"} & self.fields.keys():
            self.fields[name].validators.append(MaxValueValidator(MOST_MONTHS))

    def clean_in_force_on(self) -> Any:
        day = self.cleaned_data["in_force_on"]
        if day <= day_of(timezone.now()):
            raise ValidationError(_("施行日は明日以後の日付にしてください。"))
        return day


@admin.register(ConsequenceRule)
class ConsequenceRuleAdmin(ScopedAdmin):
    """Dated like all rules: a version that is in force stays as it is."""

    form = ConsequenceRuleForm
    list_display = ["office", "in_force_on", "within_months", "warns_from", "restricts_from", "restricts_months"]
    list_display_links = ["office", "in_force_on"]
    list_filter = [("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office"]

    def may_change(self, user: Any, obj: ConsequenceRule) -> bool:
        return can_manage_office(user, obj.office) and obj.in_force_on > day_of(timezone.now())

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        return managed_offices(user) if model is Office else super().choices_for(user, model)
