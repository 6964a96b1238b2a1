"""The audit trail as people read it: a sentence for each entry, linked to what it is about."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from portal.audit import PAGES
from portal.models import AuditEntry, Partner


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, and the address of its object if that still exists."""

    entry: AuditEntry
    address: str

    @property
    def subject(self) -> str:
        """What it was done to; what people do to themselves is told as such."""
        is_own = self.entry.kind == "user" and self.entry.subject == self.entry.by
        return "their own account" if is_own else self.entry.subject


def lines(entries: Iterable[AuditEntry], partner: Partner) -> list[Line]:
    """Return a line for each of *entries*; one query for each kind of object that they name."""
    found = list(entries)
    addresses = {key: address for kind in PAGES for key, address in _addresses(kind, found, partner)}
    return [Line(entry, addresses.get((entry.kind, entry.subject_id), "")) for entry in found]


def _addresses(
    kind: str, entries: list[AuditEntry], partner: Partner
) -> Iterable[tuple[tuple[str, str], str]]:
    """Yield the address of each object of *kind* that *entries* name and *partner* still has."""
    named = {entry.subject_id for entry in entries if entry.kind == kind}
    if not named:
        return
    view, among = PAGES[kind]
    there = among().filter(partner=partner, public_id__in=named).values_list("public_id", flat=True)
    yield from (((kind, public_id), reverse(view, args=[public_id])) for public_id in there)
