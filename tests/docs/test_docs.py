"""What README and docs/ point at exists."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from demo.addresses import REPOSITORY

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
TARGET = re.compile(r'\]\(([^)\s]+)\)|<img src="([^"]+)"')
TABLES = sorted((REPOSITORY / "docs").glob("*.csv"))
OUTSIDE = re.compile(r"requirements\.md|domain-and-standards|field-anchors|\.\./shared|/work/|/tmp/")
LARGEST_FOLDER = 3_000_000


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def targets_of(page: Path) -> list[str]:
    found = [link or picture for link, picture in TARGET.findall(page.read_text())]
    return [target for target in found if not target.startswith(("http:", "https:", "mailto:"))]


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_and_picture_exists(page: Path) -> None:
    for target in targets_of(page):
        path, _, anchor = target.partition("#")
        wanted = (page.parent / path).resolve() if path else page
        assert wanted.exists(), target
        assert not anchor or anchor in anchors_of(wanted), target


@pytest.mark.parametrize("page", [*PAGES, *TABLES], ids=name_of)
def test_nothing_outside_the_repository_is_needed_to_understand_it(page: Path) -> None:
    assert not OUTSIDE.search(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), flags=re.MULTILINE))
    assert named <= targets


def test_every_place_named_in_the_architecture_exists() -> None:
    table = (REPOSITORY / "docs" / "architecture.md").read_text().split("## Where does X live?")[1].split("\n## ")[0]
    places = [place for place in re.findall(r"`([^`]+)`", table) if "/" in place]
    assert places
    for place in places:
        assert list(REPOSITORY.glob(re.sub(r"<[^>]*>|\{[^}]*\}", "*", place).rstrip("/"))), place


def test_every_picture_is_shown_somewhere_or_has_a_twin_of_another_width_that_is() -> None:
    shown = {Path(target).stem.rsplit("-", 1)[0] for page in PAGES for target in targets_of(page)}
    pictures = {path.stem.rsplit("-", 1)[0] for path in (REPOSITORY / "docs" / "pictures").glob("*.png")}
    assert pictures
    assert pictures <= shown


def test_the_pictures_stay_small() -> None:
    assert sum(path.stat().st_size for path in (REPOSITORY / "docs" / "pictures").iterdir()) < LARGEST_FOLDER


def test_the_glossary_knows_the_words_of_the_models() -> None:
    glossary = (REPOSITORY / "docs" / "glossary.md").read_text().lower()
    models = [model for app in ("booking", "offices", "mailing") for model in apps.get_app_config(app).get_models()]
    words = {re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower() for model in models}
    assert {word for word in words if word not in glossary} <= {"reservation event", "staff membership"}
