"""What somebody without an account types: the request by mail link, and the way back to a reservation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressForm
from booking.forms import DetailsForm
from booking.guest_access import as_typed

LONGEST = 40


class GuestForm(AddressForm, DetailsForm):
    """The details, and the mail address: time, name, mail, phone, 求職番号 where the service asks for it (S-30)."""

    field_order = ("name", "kana", "email", "phone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _(
            "このアドレスに、予約を確定するためのメールをお送りします。例: hanako@example.jp"
        )


class LookUpForm(forms.Form):
    """Number and passcode as people copy them: small letters, full width, with or without the sign between the groups."""

    number = forms.CharField(
        label=_("予約番号"),
        max_length=LONGEST,
        help_text=_("8文字の番号です。例: ABCD-2345"),
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("予約番号を入力してください。")},
    )
    passcode = forms.CharField(
        label=_("パスワード"),
        max_length=LONGEST,
        help_text=_("予約が確定したときの画面とメールにある、10文字のパスワードです。例: ABCDE-23456"),
        widget=forms.TextInput(
            attrs={"class": "short", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("パスワードを入力してください。")},
    )

    def clean_number(self) -> str:
        return as_typed(self.cleaned_data["number"])
