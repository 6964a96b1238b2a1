"""The request that views behind a login receive."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from portal.models import Membership, Partner, User


class PortalRequest(HttpRequest):
    """A request of a logged-in member; `partner` is the one they are looking at."""

    user: User
    htmx: HtmxDetails
    memberships: list[Membership]
    membership: Membership
    partner: Partner
