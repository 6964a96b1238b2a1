"""
Which bytes a delivery carries.

They are settled in the claim before the first attempt, so that no edit of the webhook and no death of
a worker changes what may have been sent. A delivery without a body of its own carries its event's.
"""

import logging
from typing import TYPE_CHECKING, Any, cast

from deliveries.engine.bulk import update_rows
from deliveries.models import Delivery
from deliveries.rendering import rendered
from portal.encryption import EncryptedTextField
from webhooks.payload_templates import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deliveries.engine.claim import Leased

logger = logging.getLogger(__name__)

#: Whatever it was, its text may hold what nobody may see.
OURS = "We could not apply the payload template to this event. Contact our support with the webhook-id."


def fix(deliveries: "Iterable[Leased]") -> None:
    """Settle the bodies of what is about to be attempted for the first time; what has none knows why."""
    new = [delivery for delivery in deliveries if not delivery.is_body_fixed]
    for delivery in new:
        if delivery.webhook.payload_template:
            make(delivery)
    rows = [(delivery.pk, delivery.body, True) for delivery in new if not delivery.refusal]
    update_rows(Delivery, ("body", "is_body_fixed"), rows)


def read(delivery: "Leased") -> str:
    """
    Return the body of *delivery*.

    Raises:
        TemplateError: the webhook's payload template makes none of its event.

    """
    if delivery.refusal:
        raise TemplateError(delivery.refusal)
    if not delivery.body:
        return cast("str", delivery.event.body)
    return _field().decrypt(cast("Any", delivery), cast("Any", delivery.body))


def make(delivery: "Leased") -> None:
    """Give *delivery* the body that its webhook's payload template makes, or the reason why it makes none."""
    try:
        body = rendered(delivery.webhook.payload_template, delivery.event.body)
    except TemplateError as error:
        # It stands in the log, in the clear, and goes out by e-mail.
        delivery.refusal = error.discreet
    except Exception:
        # It must cost this delivery alone: a claim that raises would be made again, for ever.
        logger.exception("Delivery %s could not be rendered.", delivery.public_id)
        delivery.refusal = OURS
    else:
        delivery.body = _field().encrypt(body, owner=delivery.public_id)


def _field() -> EncryptedTextField:
    return Delivery._meta.get_field("body")
