from django.forms import BoundField
from django.forms.renderers import TemplatesSetting


class ErrorFirstBoundField(BoundField):
    """`aria-describedby` names the error before the support text, as the Digital Agency design system prescribes."""

    @property
    def aria_describedby(self) -> str | None:
        described_by = super().aria_describedby
        if not described_by:
            return described_by
        return " ".join(sorted(described_by.split(), key=lambda part: not part.endswith("_error")))


class PortalFormRenderer(TemplatesSetting):
    bound_field_class = ErrorFirstBoundField
