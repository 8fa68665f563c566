from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from terms.consent import MissingConsent
from terms.models import TermsVersion

PREFIX = "version-"
MOST_TICKS = 20


class ConsentForm(forms.Form):
    """One unticked box per text (J-02, J-08). Field names carry the version, so a tick for a replaced text is no tick (X-02)."""

    def __init__(self, *args: Any, missing: Sequence[MissingConsent], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.missing = missing
        for item in missing:
            self.fields[field_name(item.version)] = forms.BooleanField(
                label=_("「%(title)s」（第%(number)s版）を読み、同意します")
                % {"title": item.version.document.title, "number": item.version.number},
                error_messages={
                    "required": _("「%(title)s」を読み、同意する場合はチェックを入れてください。")
                    % {"title": item.version.document.title}
                },
            )

    def asked(self) -> list[tuple[MissingConsent, BoundField]]:
        return [(item, self[field_name(item.version)]) for item in self.missing]

    @property
    def agreed_to_replaced_text(self) -> bool:
        """A box was ticked for a text that is no longer asked for: it was replaced while the person was reading."""
        return bool(set(self.ticks) - set(self.fields))

    @property
    def ticks(self) -> list[str]:
        """The names of the ticked boxes, asked for or not; more than a person can tick is not read."""
        return [name for name in self.data if name.startswith(PREFIX)][:MOST_TICKS]

    @property
    def versions(self) -> list[TermsVersion]:
        return [item.version for item in self.missing]


def field_name(version: TermsVersion) -> str:
    return f"{PREFIX}{version.pk}"
