"""Send sample verifications."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from deliveries.events import Verification
from deliveries.models import Delivery
from deliveries.receivers import EVENT_TYPES
from deliveries.samples import sample
from portal.ids import new_id
from portal.models import Partner
from webhooks.event_types import EventType

#: Both the full name and the short one: verification.completed, completed.
TYPES = {name: each for each in EventType for name in (each.value, each.value.removeprefix("verification."))}
SIGNALS = {event_type: signal for signal, event_type in EVENT_TYPES.items()}


class Command(BaseCommand):
    help = "Send a sample verification through the real signal, as the verification backend does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("type", metavar="TYPE", help=f"one of: {', '.join(TYPES)}")
        parser.add_argument("--partner", metavar="SLUG", required=True, help="whose verification it is")
        parser.add_argument("--count", metavar="N", type=int, default=1, help="how many to send (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        event_type, partner, count = _type(options["type"]), _partner(options["partner"]), options["count"]
        if count < 1:
            raise CommandError(f"--count is {count}; send at least 1.")
        owed = sum(_emit(event_type, partner) for _ in range(count))
        self.stdout.write(f"Sent {count} {event_type} of {partner}; deliveries owed: {owed}.")
        if not owed:
            self.stdout.write(f"No webhook of {partner} wants {event_type}. Create one in the portal.")


def _emit(event_type: EventType, partner: Partner) -> int:
    """Send the signal, and return how many webhooks the event is owed to."""
    verification = Verification(**sample(event_type, verification_id=new_id("ver")))
    SIGNALS[event_type].send(sender=Command, partner=partner, verification=verification)
    return Delivery.objects.filter(event__verification_id=verification.verification_id).count()


def _type(name: str) -> EventType:
    try:
        return TYPES[name]
    except KeyError:
        raise CommandError(f"There is no event type {name}. Choose one of: {', '.join(TYPES)}.") from None


def _partner(slug: str) -> Partner:
    try:
        return Partner.objects.get(slug=slug)
    except Partner.DoesNotExist:
        known = ", ".join(Partner.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"There is no partner {slug}. {_known(known)}") from None


def _known(slugs: str) -> str:
    return f"Choose one of: {slugs}." if slugs else "There are none yet: manage.py demo makes one."
