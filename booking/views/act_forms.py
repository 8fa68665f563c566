"""What staff must tell when they act: a form for each act, and those of restriction and consequence."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from booking.acts import Act
from booking.clock import EARLIEST, LATEST
from booking.enums import Consequence, Ground, Outcome
from booking.models import Reservation
from booking.permissions import can_see_topic

NOTE_MAX_LENGTH = 2000


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("理由"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("理由を入力してください。")},
    )


class ActForm(ReasonForm):
    """The fields that the act asks. Reception neither reads nor writes the internal note."""

    ground = forms.ChoiceField(
        label=_("理由の区分"),
        choices=[("", _("選んでください")), *((g.value, g.label) for g in Ground if g != Ground.NO_SHOWS)],
        error_messages={"required": _("理由の区分を選んでください。")},
    )
    outcome = forms.ChoiceField(
        label=_("結果"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("結果を選んでください。")},
    )
    internal_note = forms.CharField(
        label=_("内部メモ"),
        required=False,
        max_length=NOTE_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("相談員と所長だけが読めます。受付と求職者には表示されません。"),
    )

    def __init__(self, data: Any, *, act: Act, user: Any, reservation: Reservation) -> None:
        initial = {"outcome": reservation.outcome or Outcome.DONE, "internal_note": reservation.internal_note}
        super().__init__(data, initial=initial)
        asked = [name for name in act.asks if name != "internal_note" or can_see_topic(user, reservation)]
        self.fields = {name: self.fields[name] for name in asked}
        if "reason" in self.fields:
            self.fields["reason"].help_text = str(act.reason_help)


def day_field(**options: Any) -> forms.DateField:
    return forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        **options,
    )


class RestrictionForm(ReasonForm):
    """Why, until when, and what the person reads. What of it is refused stands in flows/restrict.py."""

    ground = forms.ChoiceField(
        label=_("理由の区分"),
        choices=[("", _("選んでください")), *Ground.choices],
        error_messages={"required": _("理由の区分を選んでください。")},
        help_text=_("本人には表示されません。"),
    )
    ends_on = day_field(required=False, label=_("いつまで"), help_text=_("この日まで。空欄は、解除するまで。"))
    text = forms.CharField(
        label=_("本人への文面"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("メールでこのまま送ります。どなたにも失礼のない、中立の言葉で書いてください。"),
        error_messages={"required": _("本人への文面を入力してください。")},
    )
    field_order = ["ground", "reason", "ends_on", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("職員だけが読めます。何があったかを書いてください。")


class ConsequenceForm(RestrictionForm):
    """One of three; the fields of a restriction count only for it."""

    consequence = forms.ChoiceField(
        label=_("対応"),
        choices=Consequence.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("対応を選んでください。")},
    )
    reason = forms.CharField(
        label=_("理由"),
        max_length=250,  # the event names the consequence before it
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("理由を入力してください。")},
    )
    field_order = ["consequence", "reason", "ends_on", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["ground"]
        self.fields["reason"].help_text = _("予約の履歴に残ります。求職者には表示されません。")
        self.fields["ends_on"].label = _("止める期限")
        self.fields["ends_on"].help_text = _("予約を止めるときだけ使います。この日まで、オンラインの予約を止めます。")
        self.fields["text"].help_text = _("予約を止めるときだけ、メールでこのまま送ります。")
        self.fields["text"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_restriction = cleaned.get("consequence") == Consequence.RESTRICT
        if is_restriction and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("本人への文面を入力してください。"))
        return cleaned
