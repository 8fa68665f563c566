"""Form fields of the data that people give about themselves, for every form of the portal."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import numbers


class NameField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("氏名"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}))
        kwargs.setdefault("error_messages", {"required": _("氏名を入力してください。")})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.clean_name(text) if text else text


class KanaField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("ふりがな"))
        kwargs.setdefault("help_text", _("ひらがなかカタカナで入力してください。"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"spellcheck": "false"}))
        kwargs.setdefault("error_messages", {"required": _("ふりがなを入力してください。")})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.clean_kana(text) if text else text


class PhoneField(forms.CharField):
    """Cleans to a `numbers.Phone`, or None when nothing was typed into an optional field."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("電話番号"))
        kwargs.setdefault("help_text", _("相談当日につながらないときに、お電話することがあります。例: 090-1234-5678"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}))
        kwargs.setdefault("error_messages", {"required": _("電話番号を入力してください。")})
        super().__init__(empty_value=None, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.parse_phone(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return value.display if isinstance(value, numbers.Phone) else value


class SeekerNumberField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("求職番号"))
        kwargs.setdefault(
            "help_text",
            _("5桁-8桁の番号です（例: 13010-12345678）。ハローワーク受付票や求職者マイページに書いてあります。"),
        )
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "spellcheck": "false"})
        )
        kwargs.setdefault("error_messages", {"required": _("求職番号を入力してください。")})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.parse_seeker_number(text) if text else text


class PostalCodeField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("郵便番号"))
        kwargs.setdefault("help_text", _("例: 100-8916"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}))
        kwargs.setdefault("error_messages", {"required": _("郵便番号を入力してください。")})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.parse_postal_code(text) if text else text


class EstablishmentNumberField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("事業所番号"))
        kwargs.setdefault(
            "help_text",
            _(
                "雇用保険適用事業所番号（11桁）です。例: 1301-123456-7。雇用保険適用事業所設置届の事業主控などに書いてあります。"
            ),
        )
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "spellcheck": "false"})
        )
        kwargs.setdefault("error_messages", {"required": _("事業所番号を入力してください。")})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.parse_establishment_number(text) if text else text


class LineField(forms.CharField):
    """A short text of one line, stored as typed."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return numbers.clean_line(text) if text else text
