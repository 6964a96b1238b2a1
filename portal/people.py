"""
Who belongs to a partner: invite, join, change a role, remove, leave.

Each is one transaction that holds the partner's row, so that two of them never decide at once, and each
is written to the audit trail.
"""

import hashlib
import secrets
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone

from portal import audit
from portal.audit import Action
from portal.models import Invitation, Membership, Partner, User

Role = Membership.Role

#: How many invitations leave in 24 hours: in all from a partner, from one partner to an address, and to
#: an address from everybody. The last is so much wider that no partner can use it up for another.
DAY = timedelta(days=1)
PER_PARTNER, PER_PARTNER_AND_ADDRESS, PER_ADDRESS = 30, 3, 12


class RefusedError(Exception):
    """It cannot be done. The message says why, and what to do instead, to whoever asked for it."""


@transaction.atomic
def invite(*, email: str, role: str, by: Membership) -> tuple[Invitation, str]:
    """
    Invite *email* to the partner of *by*, and return the invitation and its link's secret part.

    Whether anybody logs in with that address makes no difference.

    Raises:
        RefusedError: they are a member or invited already, or there were too many.

    """
    partner, email = _lock(by), User.objects.normalize_email(email)
    if partner.memberships.filter(user__email__iexact=email).exists():
        raise RefusedError(f"{email} is a member already. Change their role in the list of people instead.")
    if partner.invitations.pending().filter(email__iexact=email).exists():
        raise RefusedError(
            f"{email} is invited already. Resend or withdraw that invitation in the list of people."
        )
    return _invite(partner, email, role, by=by, detail=f"as {role}")


@transaction.atomic
def resend(invitation: Invitation, *, by: Membership) -> tuple[Invitation, str]:
    """
    Send *invitation* again with a new link and seven new days; the old link ends.

    Raises:
        RefusedError: it is not pending any more, or there were too many.

    """
    partner = _lock(by)
    _end(invitation)
    return _invite(partner, invitation.email, invitation.role, by=by, detail=f"again, as {invitation.role}")


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Membership) -> None:
    """
    End *invitation*: its link opens nothing any more.

    Raises:
        RefusedError: it is not pending any more.

    """
    partner = _lock(by)
    _end(invitation)
    audit.record(Action.INVITATION_WITHDRAWN, invitation, by=by.user.email, partner=partner)


def find(token: str) -> Invitation | None:
    """Return the invitation whose link holds *token*, if it can still be accepted."""
    invitations = Invitation.objects.open().select_related("partner")
    return invitations.filter(token_hash=hash_of(token)).first()


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """
    Make *user* a member of the partner that invited them.

    Raises:
        RefusedError: it was accepted, withdrawn or sent anew in the meantime, or its time is up.

    """
    partner = Partner.objects.select_for_update().get(pk=invitation.partner_id)
    accepted = Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=timezone.now())
    if not accepted:
        raise RefusedError("This invitation has ended.")
    membership, _ = Membership.objects.get_or_create(
        partner=partner, user=user, defaults={"role": invitation.role}
    )
    audit.record(Action.JOINED, partner, by=user.email, partner=partner, detail=f"as {membership.role}")
    return membership


@transaction.atomic
def sign_up(invitation: Invitation, *, name: str, password: str) -> Membership:
    """
    Make an account for whoever was invited, and a member of it.

    Raises:
        RefusedError: as accept().
        IntegrityError: somebody logs in with this address by now.

    """
    user = User.objects.create_user(invitation.email, password, name=name)
    return accept(invitation, user)


@transaction.atomic
def change_role(member: Membership, role: str, *, by: Membership) -> None:
    """
    Give *member* another role.

    Raises:
        RefusedError: nobody would be an owner any more.
        Membership.DoesNotExist: they were removed in the meantime.

    """
    partner = _lock(by)
    member.refresh_from_db(fields=["role"])
    before, member.role = member.role, role
    if before == role:
        return
    if before == Role.OWNER:
        _keep_an_owner_beside(member)
    member.save(update_fields=["role"])
    audit.record(
        Action.ROLE_CHANGED, member.user, by=by.user.email, partner=partner, detail=f"{before} → {role}"
    )


@transaction.atomic
def remove(member: Membership, *, by: Membership) -> None:
    """
    End *member*'s place at the partner; their next request sees nothing of it.

    Raises:
        RefusedError: nobody would be an owner any more.

    """
    partner = _lock(by)
    _delete(member)
    audit.record(Action.REMOVED, member.user, by=by.user.email, partner=partner, detail=member.role)


@transaction.atomic
def leave(member: Membership) -> None:
    """
    End one's own place at the partner.

    Raises:
        RefusedError: nobody would be an owner any more.

    """
    partner = Partner.objects.select_for_update().get(pk=member.partner_id)
    _delete(member)
    audit.record(Action.LEFT, partner, by=member.user.email, partner=partner)


@transaction.atomic
def require_two_factor(*, required: bool, by: Membership) -> None:
    """Let members without two-factor see nothing of the partner until they turn it on; or no longer."""
    partner = _lock(by)
    if partner.requires_two_factor == required:
        return
    partner.requires_two_factor = required
    partner.save(update_fields=["requires_two_factor"])
    action = Action.TWO_FACTOR_REQUIRED if required else Action.TWO_FACTOR_OPTIONAL
    audit.record(action, partner, by=by.user.email, partner=partner)


def _lock(by: Membership) -> Partner:
    """Wait for one's turn, and look again whether *by* still is an owner."""
    partner = Partner.objects.select_for_update().get(pk=by.partner_id)
    if not partner.memberships.filter(pk=by.pk, role=Role.OWNER).exists():
        raise PermissionDenied("You are no longer an owner. Ask one of them.")
    return partner


def _invite(
    partner: Partner, email: str, role: str, *, by: Membership, detail: str
) -> tuple[Invitation, str]:
    _refuse_floods(partner, email)
    token, now = secrets.token_urlsafe(32), timezone.now()
    invitation = Invitation.objects.create(
        partner=partner,
        email=email,
        role=role,
        token_hash=hash_of(token),
        invited_by=by.user.email,
        created_at=now,
        expires_at=now + Invitation.LIFETIME,
    )
    audit.record(Action.INVITED, invitation, by=by.user.email, partner=partner, detail=detail)
    return invitation, token


def _refuse_floods(partner: Partner, email: str) -> None:
    """Each row is one e-mail, so what is in the database is what went out, whatever was restarted."""
    lately = Invitation.objects.filter(created_at__gt=timezone.now() - DAY)
    to_address = lately.annotate(address=Lower("email")).filter(address=email.lower())
    if lately.filter(partner=partner).count() >= PER_PARTNER:
        raise RefusedError(
            f"{PER_PARTNER} invitations left in the last 24 hours, and no more may. Go on tomorrow."
        )
    if (
        to_address.filter(partner=partner).count() >= PER_PARTNER_AND_ADDRESS
        or to_address.count() >= PER_ADDRESS
    ):
        raise RefusedError(
            f"Several invitations went to {email} in the last 24 hours. Ask them to look into their spam "
            "folder; another can be sent tomorrow."
        )


def _end(invitation: Invitation) -> None:
    pending = Invitation.objects.pending().filter(pk=invitation.pk)
    if not pending.update(withdrawn_at=timezone.now()):
        raise RefusedError(f"The invitation of {invitation.email} was accepted or withdrawn in the meantime.")


def _delete(member: Membership) -> None:
    member.refresh_from_db(fields=["role"])
    if member.role == Role.OWNER:
        _keep_an_owner_beside(member)
    member.delete()


def _keep_an_owner_beside(member: Membership) -> None:
    others = Membership.objects.filter(partner=member.partner_id, role=Role.OWNER, user__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise RefusedError(f"{member.user.email} is the only owner. Make somebody else an owner first.")


def hash_of(token: str) -> str:
    """Return what is kept of a link's secret part."""
    # The token is random and long, so no slow hash is needed.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
