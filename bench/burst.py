"""A thousand bookings in one moment: how long until everybody has the mail with the link."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench.figures import Figure
from bench.installation import Installation, Site, bench_data, worker

WITHIN = 150


def measure_burst(site: Site) -> Iterator[Figure]:
    plan = site.plan
    with ExitStack() as stack:
        for installation in (site.few, site.many):
            stack.enter_context(worker(site.folder, installation))
        few, _ = _burst(site, site.few, first=0, last=plan.burst_on_both)
        many, _ = _burst(site, site.many, first=0, last=plan.burst_on_both)
        seconds, out = _burst(site, site.many, first=plan.burst_on_both, last=plan.burst_on_both + plan.burst)
    part = f"{plan.burst} bookings at once"
    yield Figure(part=part, name="mails out", value=out, unit="", goal=f">= {plan.burst}")
    yield Figure(part=part, name="until the last mail is out", value=seconds, unit="s")
    yield Figure(part=part, name="rate", value=out / seconds, unit="mails/s")
    name = f"{plan.burst_on_both} at once: {plan.growth} times more past rows"
    yield Figure(part=part, name=name, value=many / few, unit="x", goal="<= 1.2")


def _burst(site: Site, installation: Installation, *, first: int, last: int) -> tuple[float, int]:
    """From the commit to the last mail, and how many mails there were; the worker runs and is idle before."""
    site.mail.forget()
    range_ = ["--first", str(first), "--last", str(last)]
    committed_at = float(bench_data("burst", *range_, plan=site.plan, environment=installation.environment))
    arrivals = site.mail.arrivals(last - first, within=WITHIN)
    if not arrivals:
        raise TimeoutError(f"Not one mail within {WITHIN} seconds.")
    return arrivals[-1] - committed_at, len(arrivals)
