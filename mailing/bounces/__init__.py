"""What becomes of a mail after a server accepted it: delivery status notifications (RFC 3464), read and noted.

    reading.py   from the bytes of a mail to a Report; no database
    noting.py    from a Report to a row beside our mail, and a mail that bounced
    mailbox.py   the way in by IMAP: what beat reads every few minutes
    words.py     what staff read instead of 550 5.1.1

The other way in, by webhook, is mailing/views.py.
"""
