"""Purge payloads and log entries that are older than the settings allow; beat does it every hour."""

from typing import Any

from django.core.management.base import BaseCommand

from deliveries.purge import purge


class Command(BaseCommand):
    help = (
        "Purge payloads older than PAYLOAD_RETENTION_DAYS, and the log of deliveries older than "
        "LOG_RETENTION_DAYS. What is still owed to somebody is kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        payloads, events = purge()
        self.stdout.write(f"Purged {payloads:,} payloads; deleted {events:,} events and their deliveries.")
