from django.core.mail.backends.base import BaseEmailBackend


class NothingBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        return 0
