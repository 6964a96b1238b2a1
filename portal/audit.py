"""Who changed, revealed, rolled or resent what, and when: the one way to write it down."""

from collections.abc import Callable, Iterable

from django.db.models import Model, QuerySet

from portal.models import AuditEntry, Partner, User

Action = AuditEntry.Action


def record(
    action: Action, subject: Model, *, by: str, partner: Partner, detail: str | Iterable[str] = ""
) -> None:
    """
    Write down what *by*, an e-mail address, did to *subject*; call it in the transaction that does it.

    *detail* is a few words, or the names of the fields that changed. Never a value: a secret that was
    written down here could not be taken back.
    """
    said = detail if isinstance(detail, str) else ", ".join(detail)
    AuditEntry.objects.create(
        partner_id=partner.pk,
        by=by,
        action=action,
        kind=subject._meta.model_name or "",
        subject_id=getattr(subject, "public_id", ""),
        subject=_cut(str(subject), 300),
        detail=_cut(said, 300),
    )


def record_everywhere(action: Action, user: User, *, detail: str = "", by: str = "") -> None:
    """Write down what concerns *user* at each of their partners; done by themselves if *by* is nobody."""
    for partner in user.partners:
        record(action, user, by=by or user.email, partner=partner, detail=detail)


#: Where the trail finds the objects of a kind: the page that shows one, and those that still exist.
PAGES: dict[str, tuple[str, Callable[[], QuerySet[Model]]]] = {}


def show(kind: str, *, at: str, among: Callable[[], QuerySet[Model]]) -> None:
    """
    Let the trail link objects of *kind* to the page *at*, which takes a public id.

    Rooms above say so for what is theirs; the trail itself knows nobody above.
    """
    PAGES[kind] = at, among


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
