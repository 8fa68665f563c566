"""Who may book? What the office asks is in the policy; what is known of the person is the applicant."""

from dataclasses import dataclass

from booking.enums import Standing
from booking.errors import Reason
from booking.policies import BookingPolicy


@dataclass(frozen=True)
class Applicant:
    """What is known of a person at the moment of booking (K-03)."""

    standings: frozenset[Standing] = frozenset()
    """What the person declares, and RECOGNISED when the office grants it."""
    is_employer: bool = False
    """The account is one of an employer. Nobody becomes one by declaring it."""
    is_of_other_office: bool = False
    """An employer whose job offers are at another office (S-16), as far as the account says where."""
    has_device: bool | None = None
    """A device with a camera, as the person says; None while nobody has asked."""
    named_counselor: int | None = None
    counselor_name: str = ""
    """Of the named counselor, for the sentence."""
    is_restricted: bool = False


def why_not_eligible(applicant: Applicant, policy: BookingPolicy, *, counselor: int | None = None) -> Reason | None:
    """None when the person may book a session under the policy (J-04 to J-07, K-03, K-04, H-06, H-07, S-16).

    `counselor` is the one who was chosen; None while nobody is. A restricted person is refused whatever else holds.
    """
    if applicant.is_restricted:
        return Reason("restricted")
    return (
        _why_wrong_standing(applicant, policy)
        or _why_wrong_counselor(applicant, policy, counselor=counselor)
        or why_device_missing(applicant, policy)
    )


def _why_wrong_standing(applicant: Applicant, policy: BookingPolicy) -> Reason | None:
    """A policy without standings is for everybody who looks for work; employers only book where they are named (S-16)."""
    if applicant.is_employer and Standing.EMPLOYER not in policy.standings:
        return Reason("not_for_employers")
    if applicant.is_employer:
        return Reason("employer_of_other_office") if applicant.is_of_other_office else None
    if policy.is_for_employers:
        return Reason("employers_only")
    wanted = policy.standings - {Standing.EMPLOYER}
    if not wanted or wanted & applicant.standings:
        return None
    if wanted == {Standing.RECOGNISED}:
        return Reason("not_recognised")
    labels = (str(standing.label) for standing in Standing if standing in policy.standings)
    return Reason("wrong_standing", {"standings": "・".join(labels)})


def _why_wrong_counselor(applicant: Applicant, policy: BookingPolicy, *, counselor: int | None) -> Reason | None:
    if not policy.needs_named_counselor:
        return None
    if applicant.named_counselor is None:
        return Reason("no_named_counselor")
    if counselor is not None and counselor != applicant.named_counselor:
        return Reason("other_counselor", {"counselor": applicant.counselor_name})
    return None


def why_device_missing(applicant: Applicant, policy: BookingPolicy) -> Reason | None:
    """Only who says that there is none is refused (J-04, K-04, H-15, S-17)."""
    return Reason("device_missing") if policy.asks_device and applicant.has_device is False else None
