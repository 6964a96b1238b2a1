"""
The second step of a login: the password was right, a code is owed.

Until it is taken nobody is logged in. The session holds only who is on the way, for a few minutes.
"""

import time
from math import ceil

from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django_otp import verify_token

from portal import audit, throttle
from portal.audit import Action
from portal.authenticator import Authenticator, is_recovery_code
from portal.models import User

#: Seconds from the password to the code.
PATIENCE = 10 * 60

WRONG_CODE = (
    "This code is wrong, was used before, or came too soon after a wrong one. Wait until your app shows the "
    "next code, and type that."
)
TOO_MANY = "There were too many wrong codes. Wait {minutes} minutes, then try again."

KEY = "second_step"


class CodeError(Exception):
    """The code was not taken. The message says why, and what to do."""


def authenticator_of(user: User) -> Authenticator | None:
    """Return what *user* confirms logins with, if they turned two-factor on."""
    authenticator: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return authenticator


def begin(request: HttpRequest, user: User, *, then: str) -> None:
    """Remember that *user* gave the right password, and where they want to go to."""
    request.session.cycle_key()
    request.session[KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "until": time.time() + PATIENCE,
        "then": then,
    }


def person_on_the_way(request: HttpRequest) -> User | None:
    """Return who owes a code; nobody once it took too long, or the password has changed meanwhile."""
    owed = request.session.get(KEY)
    if owed is None or time.time() > owed["until"]:
        return None
    user = User.objects.filter(pk=owed["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), owed["password"]):
        return None
    return user


def complete(request: HttpRequest, user: User, token: str) -> str:
    """
    Log *user* in by *token*, and return where they wanted to go to.

    Tries are counted twice: by portal.throttle, per address, and on the authenticator itself.

    Raises:
        CodeError: it is wrong, was used before, or there were too many.

    """
    name = f"second step of {user.email}"
    if not throttle.admit(request, name):
        raise CodeError(TOO_MANY.format(minutes=throttle.WINDOW // 60))
    authenticator = authenticator_of(user)
    if authenticator is None or not _take(authenticator, user, token):
        raise CodeError(refusal(user))
    throttle.forget(request, name)
    then: str = request.session.pop(KEY)["then"]
    login(request, user)
    return then


def refusal(user: User) -> str:
    """Return what to tell *user*, whose code was not taken just now."""
    authenticator = Authenticator.objects.filter(user=user).first()
    seconds = authenticator.locked_for.total_seconds() if authenticator else 0
    return WRONG_CODE if seconds <= 30 else TOO_MANY.format(minutes=ceil(seconds / 60))


@transaction.atomic
def _take(authenticator: Authenticator, user: User, token: str) -> bool:
    taken = verify_token(user, authenticator.persistent_id, token)
    if taken is None:
        return False
    # django-otp notes it in the session when the user logs in.
    user.otp_device = taken  # type: ignore[attr-defined]
    if is_recovery_code(token):
        left = len(taken.recovery_hashes)
        audit.record_everywhere(Action.RECOVERY_CODE_USED, user, detail=f"{left} left")
    return True
