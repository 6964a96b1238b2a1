"""The second of three steps to a new key: put it in front, run this, take the old one away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model

from portal import key_rotation
from portal.key_rotation import Tally

#: Rows of progress would drown a log of ten million values.
REPORT_EVERY = 10_000


class Command(BaseCommand):
    help = (
        "Re-encrypt secrets, header values, payloads and answers with the first of FIELD_ENCRYPTION_KEYS. "
        "Put the new key in front of the old ones and restart every process first; take the old ones "
        "away when this says that none of their values remains. It may be interrupted and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        total = sum((self._rotate(model) for model in key_rotation.models()), Tally())
        if total.unreadable:
            raise CommandError(_unreadable(total))
        remaining = sum(map(key_rotation.count_old, key_rotation.models()))
        self.stdout.write(f"Values of older keys that remain: {remaining}")
        if remaining:
            raise CommandError(
                "Something still writes with an older key. Restart every web and worker process with the "
                "new FIELD_ENCRYPTION_KEYS, then run this again."
            )

    def _rotate(self, model: type[Model]) -> Tally:
        total, reported = Tally(), 0
        for tally in key_rotation.rotate(model):
            total += tally
            if total.values - reported >= REPORT_EVERY:
                reported = total.values
                self._report(model, total)
        self._report(model, total)
        return total

    def _report(self, model: type[Model], total: Tally) -> None:
        self.stdout.write(f"{model._meta.label}: {total.renewed} of {total.values} values re-encrypted")


def _unreadable(total: Tally) -> str:
    named = "\n".join(f"  {value}" for value in total.named)
    return (
        f"No key in FIELD_ENCRYPTION_KEYS opens {total.unreadable} values; all others are re-encrypted. "
        f"The first of them:\n{named}\n"
        "Add the key they were written with behind the first one, and run this again."
    )
