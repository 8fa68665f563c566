"""案内文: the paragraphs that an office adds to its mails, with a look at the mails before they are saved."""

import re
import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.mails.preview import samples
from booking.models import OfficeText, Service
from booking.permissions import can_manage_office
from offices.models import Office
from offices.roles import managed_offices
from offices.scoped_admin import ScopedAdmin

PREVIEW = "_preview"
"""Name of the button that saves nothing."""
MOST_LINES = 15
MOST_URLS = 2
URL = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
CONTROLS = ("Cc", "Co", "Cs", "Cn")
"""Categories of characters that mean something else to every program."""
TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Bidirectional classes of unseen characters that turn the text around: an address would read as another one."""


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in CONTROLS or unicodedata.bidirectional(character) in TURNS


class OfficeTextForm(forms.ModelForm[OfficeText]):
    language = forms.ChoiceField(label=_("言語"))

    class Meta:
        model = OfficeText
        fields = ["office", "service", "place", "language", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 10, "cols": 70})}
        help_texts = {
            "text": _(
                "1000文字、15行まで。書いたとおりに入ります。"
                "URLは「https://」で始まるものを2つまで、1つを1行に、ほかの文字を入れずに書いてください。"
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "service" in self.fields:  # to be written, not only read
            self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
            self.fields["service"].empty_label = gettext("すべての相談メニュー")  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        """A preview is never saved: the admin shows the form again, with what was typed."""
        return super().is_valid() and PREVIEW not in self.data

    def clean_text(self) -> str:
        text = "\n".join(line.rstrip() for line in self.cleaned_data["text"].strip().splitlines())
        if any(_is_unseen(character) for character in text.replace("\n", "")):
            raise ValidationError(_("目に見えない文字が入っています。文章を手で入力し直してください。"))
        lines = text.split("\n")
        if len(lines) > MOST_LINES:
            raise ValidationError(_("15行までにしてください。"))
        urls = [line for line in lines if "://" in line]
        if len(urls) > MOST_URLS:
            raise ValidationError(_("URLは2つまでにしてください。"))
        if not all(URL.fullmatch(line) for line in urls):
            raise ValidationError(_("URLは、1つを1行に、ほかの文字を入れずに書いてください。"))
        if not all(line.startswith("https://") for line in urls):
            raise ValidationError(_("URLは「https://」で始まるものだけを使えます。"))
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        office, service = cleaned.get("office"), cleaned.get("service")
        if office and service and service.office_id != office.pk:
            self.add_error("service", _("この安定所の相談メニューを選んでください。"))
        return cleaned


@admin.register(OfficeText)
class OfficeTextAdmin(ScopedAdmin):
    """The manager of the office writes them; everybody who works there reads them."""

    form = OfficeTextForm
    list_display = ["place", "office", "of_service", "language_name", "beginning"]
    list_display_links = ["place"]
    list_filter = ["place", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office", "service"]
    change_form_template = "admin/office_text/change_form.html"

    @admin.display(description=_("相談メニュー"))
    def of_service(self, obj: OfficeText) -> str:
        return obj.service.name if obj.service else gettext("すべて")

    @admin.display(description=_("言語"))
    def language_name(self, obj: OfficeText) -> str:
        return str(dict(settings.LANGUAGES).get(obj.language, obj.language))

    @admin.display(description=_("文章"))
    def beginning(self, obj: OfficeText) -> str:
        return obj.text.split("\n", 1)[0][:40]

    def may_change(self, user: Any, obj: OfficeText) -> bool:
        return can_manage_office(user, obj.office)

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        if model is Service:
            return Service.objects.filter(office__in=managed_offices(user)).select_related("office")
        return managed_offices(user) if model is Office else super().choices_for(user, model)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who manages one office writes for it."""
        offices = list(managed_offices(request.user)[:2])
        return {"office": offices[0].pk if len(offices) == 1 else None, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: OfficeText, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if URL.search(obj.text):
            messages.warning(
                request,
                gettext(
                    "URLのあるメールは、携帯電話の迷惑メール設定で届かないことがあります。なるべく入れないでください。"
                ),
            )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        form = context["adminform"].form
        if PREVIEW in request.POST and not form.errors:
            context = {**context, "is_preview": True, "samples": samples(form.instance, now=timezone.now())}
        return super().render_change_form(request, context, *args, **kwargs)
