from tests.seeker.conftest import portal_terms, seeker, service, signed_in, way
from tests.staff.conftest import client_of, now, world

__all__ = ["client_of", "now", "portal_terms", "seeker", "service", "signed_in", "way", "world"]
