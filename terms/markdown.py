"""Terms are written in Markdown; HTML in them is shown as text, never carried out."""

from collections.abc import Sequence

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def render(body: str, *, top_heading: int = 2) -> SafeString:
    """The text as HTML; its first heading level becomes `top_heading`, below the headings of the page."""
    tokens = PARSER.parse(body)
    shift_headings(tokens, by=top_heading - 1)
    html: str = PARSER.renderer.render(tokens, PARSER.options, {})
    return SafeString(html)  # the parser escapes HTML and refuses script URLs; a test holds it to that


def shift_headings(tokens: Sequence[Token], *, by: int) -> None:
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + by, 6)}"
