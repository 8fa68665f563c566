from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.permissions import is_national
from terms.clock import today
from terms.models import TermsDocument, TermsKind, TermsVersion
from terms.permissions import can_write_terms_of


class TermsDocumentForm(forms.ModelForm):  # type: ignore[type-arg]
    user: Any = None
    """The person who writes; the admin sets it."""

    class Meta:
        model = TermsDocument
        fields = ["kind", "title", "slug", "office_number"]

    def clean_office_number(self) -> str:
        number: str = self.cleaned_data["office_number"]
        if not can_write_terms_of(self.user, office_number=number):
            raise forms.ValidationError(
                _("ご自分の安定所の番号を入力してください。全国共通の規約は、全国の管理者だけが作れます。")
            )
        return number

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if kind == TermsKind.PORTAL and not is_national(self.user):
            raise forms.ValidationError(_("ポータルの利用規約は、全国の管理者だけが作れます。"))
        return kind


class TermsVersionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TermsVersion
        fields = ["document", "number", "made_on", "in_force_on", "needs_consent", "summary_of_changes", "body"]

    def clean_in_force_on(self) -> Any:
        """A version already announced must not slip into the past; a draft is checked when it is published."""
        day = self.cleaned_data["in_force_on"]
        if self.instance.published_at is not None and day < today(timezone.now()):
            raise forms.ValidationError(_("公開した版の施行日は、今日以後の日付にしてください。"))
        return day
