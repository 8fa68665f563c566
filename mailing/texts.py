"""The words of a mail: a pair of templates `<name>.subject.txt` and `<name>.body.txt`, in short lines."""

import unicodedata
from collections.abc import Iterator
from typing import Any

from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.utils import timezone, translation

from mailing.message import one_line

WIDTH = 70
"""Columns: 35 full-width characters."""
NEVER_FIRST = "、。，．）」』】〕・ー〜！？：；々,.)]:;!?"


def render(name: str, context: dict[str, Any], *, language: str) -> tuple[str, str]:
    """Subject and body in that language and in Japan time. Nothing is escaped: it is plain text."""
    with translation.override(language), timezone.override("Asia/Tokyo"):
        subject = one_line(_render(f"{name}.subject.txt", context))
        body = _render(f"{name}.body.txt", context)
    return subject, fold(body).strip() + "\n"


def fold(text: str, *, width: int = WIDTH) -> str:
    """Break long lines at `width` columns. Lines with a web address stay whole: a broken address is a dead one."""
    lines = (piece for line in text.splitlines() for piece in _fold_line(line.rstrip(), width))
    return "\n".join(lines)


def _render(name: str, context: dict[str, Any]) -> str:
    backend = engines["django"]
    assert isinstance(backend, DjangoTemplates)  # noqa: S101  what settings.TEMPLATES names
    return backend.engine.get_template(name).render(Context(context, autoescape=False))


def _fold_line(line: str, width: int) -> Iterator[str]:
    if "://" in line:
        yield line
        return
    while (end := _break_at(line, width)) < len(line):
        yield line[:end].rstrip()
        line = line[end:].lstrip(" ")
    yield line


def _break_at(line: str, width: int) -> int:
    """How many characters fit. Words of Latin letters stay whole where possible; 、。 never begin a line."""
    end = columns = 0
    for character in line:
        columns += 1 + (unicodedata.east_asian_width(character) in "WFA")
        if columns > width:
            break
        end += 1
    if end == len(line):
        return end
    best = end
    while best > 1 and (line[best] in NEVER_FIRST or _inside_word(line, best)):
        best -= 1
    return best if best > 1 else max(end, 1)


def _inside_word(line: str, position: int) -> bool:
    before, after = line[position - 1], line[position]
    return before.isascii() and after.isascii() and not before.isspace() and not after.isspace()
