"""The way back in for whoever lost phone and recovery codes, where no administrator can help."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal import audit
from portal.audit import Action
from portal.models import Authenticator, User


class Command(BaseCommand):
    help = "Turn two-factor off for one user, so that their password alone logs them in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address that they log in with")

    @transaction.atomic
    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody logs in as {email}. Check the spelling.")
        if not Authenticator.objects.filter(user=user, confirmed=True).exists():
            raise CommandError(f"{user} does not use two-factor.")
        Authenticator.objects.filter(user=user).delete()
        audit.record_everywhere(Action.TWO_FACTOR_OFF, user, by="an operator", detail="on the command line")
        self.stdout.write(f"Two-factor is off for {user}. Ask them to turn it on again.")
