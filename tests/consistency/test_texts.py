"""Every text for people goes through gettext, so that a catalogue can translate it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["hellowork", "booking", "offices", "mailing", "accounts", "terms", "audit"]
JAPANESE = re.compile(r"[぀-ヺー-ヿ㐀-鿿]")
TRANSLATORS = {"_", "_now", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
NOT_SHOWN = {
    "hellowork/settings.py": "names of the portal and its languages",
    "hellowork/formats/ja/formats.py": "the Japanese date formats themselves",
    "booking/effects/orders.py": "the topic that Zoom shows is Japanese for everybody",
    "booking/rules/neutral_words.py": "the words to look for",
    "accounts/numbers.py": "tables of characters",
    "mailing/texts.py": "tables of characters",
    "terms/publishing.py": "the numbers of articles to look for",
}
TRANSLATED = re.compile(
    r"""
    {%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}
    | {%\s*translate\s.*?%}
    | {%\s*comment.*?{%\s*endcomment\s*%}
    | {\#.*?\#}
    | _\("[^"]*"\)
    """,
    re.DOTALL | re.VERBOSE,
)


def python_files() -> list[Path]:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return [path for path in files if str(path.relative_to(ROOT)) not in NOT_SHOWN]


def bare_texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Japanese string literals that no translating call surrounds; docstrings are ours, not people's."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in TRANSLATORS:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and JAPANESE.search(node.value):
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        yield from bare_texts(child)


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_python_speaks_japanese_through_gettext_only(path: Path) -> None:
    assert list(bare_texts(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.*")), ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_templates_speak_japanese_through_gettext_only(path: Path) -> None:
    left = TRANSLATED.sub("", path.read_text())
    assert [line for line in left.splitlines() if JAPANESE.search(line)] == []


def test_a_bare_text_would_be_found() -> None:
    assert list(bare_texts(ast.parse('label = "予約"'))) == [(1, "予約")]
    assert list(bare_texts(ast.parse('label = _("予約")'))) == []
