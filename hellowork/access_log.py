"""gunicorn's access log without what opens an account: the links that are mailed carry their key in the path."""

import re
from typing import Any

from gunicorn.glogging import Logger

KEYS_IN_PATHS = re.compile(r"(/accounts/(?:register/link|confirm-email|password/reset/key)/)[^/\s?]+")


def without_keys(text: str) -> str:
    return KEYS_IN_PATHS.sub(r"\1…", text)


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """`--logger-class hellowork.access_log.AccessLog`; the referrer of a page behind such a link names it as well."""

    def atoms(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(*arguments, **named)
        return {name: without_keys(value) if isinstance(value, str) else value for name, value in atoms.items()}
