"""Which URLs may be webhooks, which addresses may receive, which headers may be sent. Pure."""

from webhooks.destinations.address import ForbiddenAddress, check_address
from webhooks.destinations.headers import check_headers
from webhooks.destinations.url import check_url

__all__ = ["ForbiddenAddress", "check_address", "check_headers", "check_url"]
