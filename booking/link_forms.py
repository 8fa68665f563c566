"""What staff type about the link of a session or of the office's pool. Which address is good stands in rules.links."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.flows.link import EnteredLink
from booking.models import MeetingLink
from booking.refusals import refusal_for
from booking.rules.links import one_spelling, why_not_link

ONE_LINE = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z", _("改行などの見えない文字は使えません。入力し直してください。")
)


def allowed_hosts_in_words() -> str:
    return "、".join(settings.MEETING_LINK_HOSTS) or gettext("まだ決まっていません")


allowed_hosts = lazy(allowed_hosts_in_words, str)


class LinkUrlField(forms.CharField):
    """An address that people may be led to, in one spelling."""

    widget = forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_length": None})
        self.error_messages["required"] = _("会議のURLを入力してください。")
        self.help_text = format_lazy(_("https://で始まるURL。使えるホスト名: {hosts}"), hosts=allowed_hosts())

    def to_python(self, value: Any) -> str:
        return one_spelling(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        reason = why_not_link(value, allowed_hosts=settings.MEETING_LINK_HOSTS)
        if reason is not None:
            raise forms.ValidationError(refusal_for(reason, office=None).message, code=reason.code)


class LinkForm(forms.Form):
    """The link of one session. `replaces`: there is one already, so the reason is asked for."""

    url = LinkUrlField(label=_("会議のURL"))
    number = forms.CharField(label=_("会議の番号"), max_length=20, required=False, validators=[ONE_LINE])
    passcode = forms.CharField(label=_("パスコード"), max_length=20, required=False, validators=[ONE_LINE])
    has_lobby = forms.BooleanField(
        label=_("待機室がある（職員が1人ずつ入室を許可する）"),
        required=False,
        help_text=_("付けると、続けての相談にも同じURLを使えます。待機室のない会議には、付けないでください。"),
    )
    reason = forms.CharField(
        label=_("差し替える理由"),
        max_length=250,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("差し替える理由を入力してください。")},
        help_text=_("職員だけが読みます。"),
    )

    def __init__(self, *args: Any, replaces: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces:
            del self.fields["reason"]

    def link(self) -> EnteredLink:
        typed = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        return EnteredLink(**typed)


class MeetingLinkForm(forms.ModelForm[MeetingLink]):
    """A link of the office's pool."""

    class Meta:
        model = MeetingLink
        fields = ["office", "name", "url", "number", "passcode", "has_lobby", "is_active"]
        field_classes = {"url": LinkUrlField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("number", "passcode"):
            if name in self.fields:
                self.fields[name].validators.append(ONE_LINE)
