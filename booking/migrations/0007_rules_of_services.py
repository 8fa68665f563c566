from datetime import date

from django.db import migrations

FIELDS = [
    "length_minutes",
    "step_minutes",
    "opens_months_before",
    "closes_days_before",
    "closes_at",
    "cancel_channel",
    "cancel_closes_days_before",
    "cancel_closes_at",
    "seeker_number",
    "topic",
]
LONG_AGO = date(2000, 1, 1)
BEFORE_THAT = date(1999, 12, 31)


def columns_to_versions(apps, schema_editor):
    """What stood in the service is its first version, in force since long ago."""
    PolicyVersion = apps.get_model("booking", "PolicyVersion")
    ServiceHours = apps.get_model("booking", "ServiceHours")
    for service in apps.get_model("booking", "Service").objects.all():
        values = {field: getattr(service, field) for field in FIELDS}
        values["asks_device"] = False  # nobody asked so far; the office decides it with its next version
        version = PolicyVersion.objects.create(
            service=service, in_force_on=LONG_AGO, announced_on=BEFORE_THAT, **values
        )
        ServiceHours.objects.filter(service=service).update(policy=version)


class Migration(migrations.Migration):
    dependencies = [("booking", "0006_dated_rules")]
    operations = [migrations.RunPython(columns_to_versions, migrations.RunPython.noop)]
