"""What staff type while the person is on the phone: one form, of which only name, phone and time are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.numbers import parse_seeker_number
from booking.clock import at
from booking.flows.caller import account_by_mail, account_by_number, is_of_office
from booking.flows.enter import REASON_MAX_LENGTH
from booking.forms import AwareMomentField, DetailsForm, FilterForm, answers_typed, details_known_of
from booking.models import Counselor, PolicyVersion, Reservation, Service
from booking.views.act_forms import day_field
from offices.models import Office

NO_ACCOUNT = "none"
AT_ONCE, BY_REPLY = "at_once", "by_reply"
NEEDED = ("name", "phone")
REMEMBERED = ("name", "kana", "phone", "seeker_number", "standing", "companions", "interpreter_language")


@dataclass(frozen=True)
class Found:
    """The accounts behind what was typed. One found by its address is used; one found by its number is asked about."""

    by_mail: User | None = None
    by_number: User | None = None
    is_of_office: bool = False
    """Then the office may see what is known of the person."""

    @property
    def account(self) -> User | None:
        return self.by_mail or self.by_number

    @property
    def known(self) -> Mapping[str, str]:
        return details_known_of(self.account) if self.account and self.is_of_office else {}


def look_up(typed: Mapping[str, Any], *, office: Office) -> Found:
    by_mail = account_by_mail(str(typed.get("email") or "").strip())
    if by_mail is not None:
        return Found(by_mail=by_mail, is_of_office=is_of_office(by_mail, office))
    try:
        number = parse_seeker_number(str(typed.get("seeker_number") or ""))
    except ValidationError:
        return Found()
    by_number = account_by_number(number, office=office)
    return Found(by_number=by_number, is_of_office=by_number is not None)


def remembered_of(previous: Reservation, version: PolicyVersion) -> dict[str, Any]:
    """What the person told for the session that runs, so that the next one takes one click (K-16).

    Not the topic, which reception does not see: it goes on. Whoever is in the session has a device for it.
    """
    told = {name: getattr(previous, name) for name in REMEMBERED}
    told |= {"has_device": "no" if previous.has_device is False else "yes", "topic": _("前回の続き")}
    return {**told, "language": previous.office_interpreter, **answers_typed(previous.answers, version)}


class EntryForm(DetailsForm):
    """The details, for whom and when, and how it becomes firm. What a rule wants may stay empty: that rule is overridden."""

    email = forms.EmailField(
        label=_("メールアドレス"),
        required=False,
        max_length=254,
        help_text=_("予約の内容を送ります。ないときは空欄にして、電話で伝えてください。"),
        error_messages={"invalid": _("メールアドレスを「name@example.jp」のように入力してください。")},
    )
    account = forms.ChoiceField(
        label=_("この求職番号のアカウント"),
        widget=forms.RadioSelect,
        help_text=_("氏名を確かめて選んでください。"),
        error_messages={"required": _("アカウントを使うかどうかを選んでください。")},
    )
    start = AwareMomentField(label=_("空き時間"), required=False)
    other_day = day_field(
        label=_("日付"),
        required=False,
        error_messages={"invalid": _("日付を確認してください。")},
    )
    other_time = forms.TimeField(
        label=_("開始時刻"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("時刻を確認してください。")},
    )
    counselor = forms.ModelChoiceField(
        Counselor.objects.none(), label=_("相談員"), required=False, empty_label=_("指定しない")
    )
    language = forms.ChoiceField(label=_("通訳"), required=False)
    firm = forms.ChoiceField(
        label=_("予約の確定"),
        choices=[
            (AT_ONCE, _("いま確定する")),
            (BY_REPLY, _("返信で確定する（返信があるまで、期限まで時間を押さえます）")),
        ],
        widget=forms.RadioSelect,
        initial=AT_ONCE,
        error_messages={"required": _("予約の確定のしかたを選んでください。")},
    )
    reason = forms.CharField(
        label=_("例外にする理由"),
        required=False,
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("予約の履歴に残ります。本人には表示されません。"),
    )

    def __init__(self, *args: Any, service: Service, found: Found, is_known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        filters = FilterForm(service=service)
        self.fields["counselor"].queryset = Counselor.objects.offering(service)  # type: ignore[attr-defined]
        self.fields["language"].choices = filters.fields["language"].choices  # type: ignore[attr-defined]
        self._need_little()
        if is_known:
            del self.fields["email"]
        if found.by_number is None or is_known:
            del self.fields["account"]
        else:
            name = _("%(name)sさんのアカウントで受け付ける") % {"name": found.by_number.get_full_name()}
            choices = [(str(found.by_number.pk), name), (NO_ACCOUNT, _("アカウントを使わない"))]
            self.fields["account"].choices = choices  # type: ignore[attr-defined]

    def _need_little(self) -> None:
        """Staff know how names and numbers look: no advice but what they may leave out."""
        wanted_by_rule = [name for name, field in self.fields.items() if field.required and name not in EXTRA]
        for name in DetailsForm.base_fields.keys() | self.questions.keys():
            if name not in self.fields:
                continue
            field = self.fields[name]
            field.required = name in NEEDED
            field.help_text = ""
            field.widget.attrs["autocomplete"] = "off"
            if name in wanted_by_rule and name not in (*NEEDED, "kana"):
                field.help_text = _("規則では必須です。聞けないときは、例外にする理由を書いてください。")
        if "has_device" in self.fields:
            self.fields["has_device"].empty_value = None  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        day, clock = cleaned.get("other_day"), cleaned.get("other_time")
        if day and clock:
            cleaned["starts_at"] = at(day, clock.replace(second=0, microsecond=0))
        elif day or clock:
            self.add_error("other_time" if day else "other_day", _("日付と開始時刻の両方を入力してください。"))
        elif cleaned.get("start"):
            cleaned["starts_at"] = cleaned["start"]
        elif "start" not in self.errors:
            self.add_error("start", _("空き時間を選ぶか、日付と開始時刻を入力してください。"))
        return cleaned

    def _refuse_answers(self, cleaned: dict[str, Any]) -> None:
        """Left to the flow: staff may override the rule with a reason."""

    @property
    def asked_by_office(self) -> list[BoundField]:
        return [self[name] for name in self.questions]

    def account_chosen(self, found: Found) -> User | None:
        is_chosen = found.by_number is not None and self.cleaned_data.get("account") == str(found.by_number.pk)
        return found.by_number if is_chosen else found.by_mail


EXTRA = frozenset(EntryForm.declared_fields) - frozenset(DetailsForm.declared_fields)
