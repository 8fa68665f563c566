from booking.meetings.uncommanded import UncommandedProvider


class PhoneProvider(UncommandedProvider):
    """A telephone call: there is no room, only a number and who dials it."""

    name = "phone"
