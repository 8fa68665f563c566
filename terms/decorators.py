from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from terms.clock import today
from terms.consent import consent_url, missing_consents, portal_documents

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def portal_consent_required(view: View[Rest]) -> View[Rest]:
    """A signed-in person without consent to the portal's current terms is asked first; a public page asks nothing."""

    @wraps(view)
    def ask_first(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        on = today(timezone.now())
        if request.user.is_authenticated and missing_consents(request.user, documents=portal_documents(), on=on):
            # After a POST only the page itself can be shown again, not the sending repeated.
            return redirect(consent_url(next_path=request.get_full_path()))
        return view(request, *args, **kwargs)

    return ask_first
