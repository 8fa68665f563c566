"""Parse and shape what people type; the rules stand elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import KanaField, NameField, PhoneField, SeekerNumberField
from accounts.models import User
from accounts.numbers import is_latin_name
from booking.clock import EARLIEST, JST, LATEST
from booking.enums import Companion, Requirement
from booking.flows.reserve import ReservationDetails
from booking.models import Counselor, Service

TOPIC_MAX_LENGTH = 1000


class AwareMomentField(forms.Field):
    """An ISO 8601 moment with its offset, as the time buttons send it; in Japan time."""

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        refusal = forms.ValidationError(_("時間を選び直してください。"), code="invalid")
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise refusal from error
        if moment.tzinfo is None or not EARLIEST <= moment.date() <= LATEST:
            raise refusal
        return moment.astimezone(JST)


class ChoiceForm(forms.Form):
    """The chosen time, and the counselor when one was chosen."""

    start = AwareMomentField()
    counselor = forms.ModelChoiceField(Counselor.objects.none(), required=False)

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["counselor"].queryset = Counselor.objects.offering(service)  # type: ignore[attr-defined]


class CounselorForm(forms.Form):
    """Whose times are shown: everybody's, or one counselor's."""

    counselor = forms.ChoiceField(label=_("相談員"), required=False)

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counselors = {str(counselor.pk): counselor for counselor in Counselor.objects.offering(service)}
        names = [(pk, counselor.name) for pk, counselor in self.counselors.items()]
        self.fields["counselor"].choices = [("", _("指定しない")), *names]  # type: ignore[attr-defined]

    def chosen(self) -> Counselor | None:
        return self.counselors.get(self.cleaned_data["counselor"]) if self.is_valid() else None


class DetailsForm(forms.Form):
    """What the service asks of the seeker, typed once (WCAG 3.3.7)."""

    name = NameField()
    kana = KanaField(
        help_text=_("ひらがなかカタカナで入力してください。氏名がローマ字の方は、空欄でかまいません。"),
        error_messages={"required": _("ふりがなを入力してください。")},
    )
    phone = PhoneField()
    seeker_number = SeekerNumberField()
    topic = forms.CharField(
        label=_("相談内容"),
        max_length=TOPIC_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "例: 応募書類を見てほしい、面接の練習をしたい。"
            "病名・家族・信条などは書かなくてかまいません。1,000文字までです。"
        ),
        error_messages={
            "required": _("相談内容を入力してください。短くてかまいません。"),
            "max_length": _("相談内容は%(limit_value)d文字以内で入力してください（いま%(show_value)d文字です）。"),
        },
    )
    companions = forms.MultipleChoiceField(
        label=_("同席する方"),
        choices=Companion,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("いっしょに参加する方がいるときに選んでください。"),
    )
    interpreter_language = forms.CharField(
        label=_("通訳の言語"),
        max_length=40,
        required=False,
        help_text=_("「通訳」を選んだ方は、言語を入力してください。例: ベトナム語"),
        widget=forms.TextInput(attrs={"class": "short"}),
    )

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ask("seeker_number", service.seeker_number)
        self._ask("topic", service.topic)
        name = self.data.get("name", "") if self.is_bound else self.initial.get("name", "")
        self.fields["kana"].required = not is_latin_name(name)

    def _ask(self, name: str, requirement: str) -> None:
        if requirement == Requirement.HIDDEN:
            del self.fields[name]
        else:
            self.fields[name].required = requirement == Requirement.REQUIRED

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        has_interpreter = Companion.INTERPRETER in cleaned.get("companions", [])
        if has_interpreter and not cleaned.get("interpreter_language"):
            self.add_error("interpreter_language", _("通訳の言語を入力してください。"))
        if not has_interpreter:
            cleaned["interpreter_language"] = ""
        return cleaned

    def typed(self) -> dict[str, Any]:
        """What was typed, to be kept in the session and bound again."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }

    def details(self) -> ReservationDetails:
        phone = self.cleaned_data["phone"]
        return ReservationDetails(
            name=self.cleaned_data["name"],
            kana=self.cleaned_data["kana"],
            phone=phone.display,
            phone_e164=phone.e164,
            seeker_number=self.cleaned_data.get("seeker_number", ""),
            topic=self.cleaned_data.get("topic", ""),
            companions=self.cleaned_data["companions"],
            interpreter_language=self.cleaned_data["interpreter_language"],
        )


def details_known_of(user: User) -> Mapping[str, str]:
    """What full registration told: nobody types it twice."""
    profile = getattr(user, "seeker_profile", None)
    known = {"name": user.name, "kana": user.kana}
    if profile is not None:
        known |= {"phone": profile.phone, "seeker_number": profile.seeker_number}
    return known
