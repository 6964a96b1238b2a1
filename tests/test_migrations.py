"""Migrations: complete, and one after the other."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

APPS = ("portal", "webhooks", "deliveries")


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
@pytest.mark.parametrize("app", APPS)
def test_each_room_has_one_last_migration(app: str) -> None:
    assert len(MigrationLoader(connection).graph.leaf_nodes(app)) == 1
