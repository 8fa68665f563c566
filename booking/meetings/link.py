from booking.meetings.uncommanded import UncommandedProvider


class LinkProvider(UncommandedProvider):
    """TeleOffice and others: staff enter the link of each session, or the office keeps a pool of links (S-19, S-24)."""

    name = "link"
