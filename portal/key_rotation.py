"""Re-encrypt what older keys wrote, a batch at a time, while everything else runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from portal import encryption
from portal.encryption import DecryptionError, EncryptedTextField

#: Rows read at once; a payload has up to 100 kB.
BATCH = 100


#: How many of the values that no key opens are named; with a lost key it is all of them.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """How many values there were, were re-encrypted, and no key opens; and the first of the last."""

    values: int = 0
    renewed: int = 0
    unreadable: int = 0
    named: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.values + other.values,
            self.renewed + other.renewed,
            self.unreadable + other.unreadable,
            (self.named + other.named)[:NAMED],
        )


def models() -> list[type[Model]]:
    """Return every model that encrypts anything."""
    return [model for model in apps.get_models() if _fields(model)]


def rotate(model: type[Model]) -> Iterator[Tally]:
    """
    Re-encrypt all of *model* with the first key, and yield what came of it after each batch.

    Each batch is a transaction. Whatever carries the first key already is left alone, so a run that
    was interrupted goes on where it stopped.
    """
    for rows in _batches(model):
        with transaction.atomic():
            tally = sum((_rotate_value(model, *value) for value in _values(model, rows)), Tally())
        yield tally


def count_old(model: type[Model]) -> int:
    """Count the values of *model* that the first key does not open."""
    values = (value for rows in _batches(model) for value in _values(model, rows))
    return sum(not encryption.is_current(token) for _, _, token in values)


def _rotate_value(model: type[Model], key: Any, name: str, token: str) -> Tally:
    if encryption.is_current(token):
        return Tally(values=1)
    try:
        renewed = encryption.renew(token)
    except DecryptionError:
        return Tally(values=1, unreadable=1, named=(f"{model._meta.label}.{name} of row {key}",))
    # Only over what was read: somebody may have written a new value meanwhile.
    rows = model._base_manager.filter(**{"pk": key, name: token})
    return Tally(values=1, renewed=rows.update(**{name: renewed}))


def _batches(model: type[Model]) -> Iterator[list[dict[str, Any]]]:
    rows = model._base_manager.order_by("pk").values("pk", *_fields(model))
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1]["pk"])[:BATCH])


def _values(model: type[Model], rows: list[dict[str, Any]]) -> Iterator[tuple[Any, str, str]]:
    """Yield key, field and token of each value that there is."""
    for row in rows:
        yield from ((row["pk"], name, row[name]) for name in _fields(model) if row[name])


def _fields(model: type[Model]) -> list[str]:
    fields = model._meta.concrete_fields
    return [field.attname for field in fields if isinstance(field, EncryptedTextField)]
