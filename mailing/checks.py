"""Text and composer of every kind of mail belong together; a missing half is found at start, not at sending."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.template import engines
from django.template.utils import get_app_template_dirs

from mailing.composers import kinds

SUBJECT, BODY = ".subject.txt", ".body.txt"


@register
def every_text_has_a_composer(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """`templates/<app>/mail/<kind>.{subject,body}.txt`: both halves are there, and somebody composes the kind."""
    return [*_without_composer(), *_halves()]


def mail_texts(suffix: str) -> set[str]:
    return {path.name.removesuffix(suffix) for folder in _folders() for path in folder.glob(f"*/mail/*{suffix}")}


def _folders() -> list[Path]:
    own = [folder for engine in engines.all() for folder in getattr(engine, "dirs", [])]
    return [Path(folder) for folder in [*own, *get_app_template_dirs("templates")]]


def _without_composer() -> list[CheckMessage]:
    orphans = sorted(mail_texts(SUBJECT) - kinds())
    return [Error(f"No composer for the mail text “{kind}”.", id="mailing.E001") for kind in orphans]


def _halves() -> list[CheckMessage]:
    halves = sorted(mail_texts(SUBJECT) ^ mail_texts(BODY))
    return [Error(f"The mail “{kind}” has a subject or a body, but not both.", id="mailing.E002") for kind in halves]
