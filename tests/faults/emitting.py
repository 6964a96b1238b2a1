"""The verification backend as a process, which emits once: python -m tests.faults.emitting SLUG."""

import sys

from tests.faults import shaped  # sets Django up, and must be first

__all__ = ["shaped"]

from tests.faults.backend import emit
from webhooks.models import Webhook

if __name__ == "__main__":
    emit(Webhook.objects.get(partner__slug=sys.argv[1]))
