"""A thousand bookings in one moment: how long until everybody has the mail with the link."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.installation import Installation, Site, bench_data, worker

WITHIN = 150


def measure_burst(site: Site) -> Iterator[Figure]:
    few, _ = _burst(site, site.few)
    many, out = _burst(site, site.many)
    count = site.plan.burst
    part = f"{count} bookings at once"
    yield Figure(part=part, name="mails out", value=out, unit="", goal=f">= {count}")
    yield Figure(part=part, name="until the last mail is out", value=many, unit="s")
    yield Figure(part=part, name="rate", value=out / many, unit="mails/s")
    yield Figure(part=part, name="growth: 100 times more past rows", value=many / few, unit="x", goal="<= 1.2")


def _burst(site: Site, installation: Installation) -> tuple[float, int]:
    """From the commit to the last mail, and how many mails there were; the worker runs and is idle before."""
    site.mail.forget()
    with worker(site.folder, installation):
        committed_at = float(bench_data("burst", plan=site.plan, environment=installation.environment))
        arrivals = site.mail.arrivals(site.plan.burst, within=WITHIN)
    site.mail.forget()
    return arrivals[-1] - committed_at, len(arrivals)
