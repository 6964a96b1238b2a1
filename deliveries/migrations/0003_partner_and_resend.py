"""Give each delivery its partner, a log of resends, and the hours what has been delivered so far."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def fill_partners(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        # Else the table has checks pending, and cannot be altered further down.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    webhooks = apps.get_model("webhooks", "Webhook").objects.filter(pk=models.OuterRef("webhook_id"))
    deliveries = apps.get_model("deliveries", "Delivery").objects
    deliveries.update(partner=models.Subquery(webhooks.values("partner_id")[:1]))


def count_hours(apps, schema_editor):
    """Count what ended, as the engine does from now on: tests and faults of our own left out."""
    hour = models.functions.TruncHour("finished_at")
    counted = apps.get_model("deliveries", "Delivery").objects.filter(
        status__in=("succeeded", "failed"), is_test=False
    )
    rows = (
        counted.exclude(last_cause="internal")
        .values_list("webhook", hour)
        .annotate(
            succeeded=models.Count("pk", filter=models.Q(status="succeeded")),
            failed=models.Count("pk", filter=models.Q(status="failed")),
        )
    )
    hours = apps.get_model("webhooks", "WebhookHour")
    hours.objects.bulk_create(
        (
            hours(webhook_id=webhook, hour=begins, succeeded=succeeded, failed=failed)
            for webhook, begins, succeeded, failed in rows.order_by()
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("deliveries", "0002_delivery_lost_leases"),
        ("portal", "0001_initial"),
        ("webhooks", "0002_webhook_hour"),
    ]

    operations = [
        migrations.CreateModel(
            name="Resend",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("after_attempt", models.PositiveSmallIntegerField()),
                ("by", models.CharField(max_length=254)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_log",
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_held",
        ),
        migrations.AddField(
            model_name="delivery",
            name="partner",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="portal.partner",
            ),
        ),
        migrations.RunPython(fill_partners, migrations.RunPython.noop),
        migrations.RunPython(count_hours, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="delivery",
            name="partner",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="portal.partner",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="resent_count",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_log"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["partner", "-created_at", "-id"], name="delivery_log_of_all"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status__in", ("failed", "held", "canceled"))),
                fields=["webhook", "status", "-created_at", "-id"],
                name="delivery_unwell",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status__in", ("failed", "held", "canceled"))),
                fields=["partner", "status", "-created_at", "-id"],
                name="delivery_unwell_of_all",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("last_cause", ""), _negated=True),
                fields=["webhook", "-created_at", "-id"],
                name="delivery_trouble",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("last_cause", ""), _negated=True),
                fields=["partner", "-created_at", "-id"],
                name="delivery_trouble_of_all",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["partner", "verification_id"], name="event_verification"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["partner", "type"], name="event_of_type"),
        ),
        migrations.AddField(
            model_name="resend",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="resends", to="deliveries.delivery"
            ),
        ),
    ]
