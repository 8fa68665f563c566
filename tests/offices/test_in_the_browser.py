import pytest
from axe_playwright_python.sync_playwright import Axe

from offices.enums import AnnouncementKind
from tests.factories import NOW, jst
from tests.offices.conftest import announce


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways_and_axe_finds_nothing(transactional_db, browser_context, live_server, width):
    times = {"stop_begins_at": jst(6, 2, 1), "stop_ends_at": jst(6, 2, 5)}
    made = announce("システムの点検のため、夜間に停止します", kind=AnnouncementKind.STOP, is_urgent=True, **times)
    announce("終わったお知らせ", published_from=jst(5, 1), published_until=NOW)
    page = browser_context(viewport={"width": width, "height": 640}).new_page()
    for path in ["/", "/announcements/", made.get_absolute_url()]:
        page.goto(live_server.url + path)
        assert page.locator(".banners").is_visible()
        is_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(is_wide), path
        results = Axe().run(page)
        assert results.violations_count == 0, f"{path}\n{results.generate_report()}"
