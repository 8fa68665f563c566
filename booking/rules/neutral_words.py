"""What a text about a restriction must not speak of: the person reads neutral words only (J-35, X-15)."""

import re

NEVER_WRITTEN = re.compile("国籍|在留|外国人|ビザ|査証|永住|入管")


def is_neutral(text: str) -> bool:
    return NEVER_WRITTEN.search(text) is None
