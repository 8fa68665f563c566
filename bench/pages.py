"""The page of free times: one client in turn on both databases, then a crowd."""

import gzip
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.browser import Answer, Browser
from bench.figures import Figure, growth, milliseconds
from bench.installation import Site

BOTH = ("few", "many")


def measure_pages(site: Site) -> Iterator[Figure]:
    sessions = {"anonymous": None, "signed in": site.scene["seekers"][-1]["session"]}
    for who, session in sessions.items():
        yield from measure_page(site, f"times page, {who}", session)


def measure_page(site: Site, part: str, session: str | None) -> Iterator[Figure]:
    path = f"/services/{site.scene['service']}/times/"
    answers = in_turn(site, lambda browser: browser.get(path), session=session, rounds=site.plan.page_rounds)
    many = answers["many"]
    seconds = [answer.seconds for answer in many]
    yield milliseconds(part, "1 client", seconds)
    yield growth(part, "growth", few=[answer.seconds for answer in answers["few"]], many=seconds)
    yield Figure(part=part, name="queries", value=max(answer.queries for answer in many), unit="", goal="<= 12")
    body = many[-1].body
    yield Figure(
        part=part, name="times offered (each with the places left)", value=body.count(b'name="start"') - 1, unit=""
    )
    yield Figure(part=part, name="page", value=len(body) / 1000, unit="kB", goal="< 80")
    yield Figure(part=part, name="page, gzip", value=len(gzip.compress(body, 6)) / 1000, unit="kB")
    crowd_seconds, duration = crowd(site, path, session)
    yield milliseconds(part, f"{site.plan.crowd} clients", crowd_seconds)
    rate = len(crowd_seconds) / duration
    yield Figure(part=part, name=f"{site.plan.crowd} clients, rate", value=rate, unit="req/s")


def in_turn(
    site: Site, ask: Callable[[Browser], Answer], *, session: str | None, rounds: int
) -> dict[str, list[Answer]]:
    """The same request to both databases, alternating, so that a busy machine slows both alike."""
    answers: dict[str, list[Answer]] = {name: [] for name in BOTH}
    browsers = {"few": site.few.browser(session), "many": site.many.browser(session)}
    for browser in browsers.values():
        for _warm_up in range(6):
            ask(browser)
    for turn in range(rounds):
        for name in BOTH if turn % 2 else reversed(BOTH):
            answers[name].append(ask(browsers[name]))
    return answers


def crowd(site: Site, path: str, session: str | None) -> tuple[list[float], float]:
    share = site.plan.crowd_requests // site.plan.crowd

    def visit(_number: int) -> list[float]:
        browser = site.many.browser(session)
        return [browser.get(path).seconds for _request in range(share)]

    begin = time.perf_counter()
    with ThreadPoolExecutor(site.plan.crowd) as threads:
        seconds = [second for visits in threads.map(visit, range(site.plan.crowd)) for second in visits]
    return seconds, time.perf_counter() - begin
