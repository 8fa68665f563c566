from dataclasses import dataclass

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class Refusal:
    """`sentence` is what people read; `rule` tells support staff what is behind it and who can change it."""

    sentence: Text
    rule: Text
    rows: tuple[str, ...] = ()
