"""What is named somewhere exists, and what exists is used."""

import re
from pathlib import Path

import pytest
from celery import current_app
from django.template.loader import get_template

from hellowork.celery import app

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"


def test_every_task_of_the_beat_schedule_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(current_app.tasks)


def test_every_template_is_used() -> None:
    """By our code, by another template, or by a library that looks for this very name."""
    sources = [
        path.read_text()
        for app_dir in ("hellowork", "booking", "offices", "mailing", "accounts", "terms", "audit")
        for path in (ROOT / app_dir).rglob("*.py")
    ]
    sources += [path.read_text() for path in TEMPLATES.rglob("*.*")]
    everything = "\n".join(sources)
    by_library = re.compile(
        r"^(\d{3}(_csrf)?\.html|admin/|account/|mfa/|usersessions/|django/|accounts/email/|(booking|accounts)/mail/)"
    )
    names = [str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*")]
    unused = [name for name in names if not by_library.match(name) and not is_named(name, everything)]
    assert unused == []


def is_named(name: str, everything: str) -> bool:
    """A mail is named without the endings of its two halves."""
    pair = re.sub(r"\.(subject|body)\.txt$", "", name)
    return f'"{name}"' in everything or f'"{pair}"' in everything


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_template_compiles(path: Path) -> None:
    get_template(str(path.relative_to(TEMPLATES)))
