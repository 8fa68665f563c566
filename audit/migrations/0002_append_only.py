from django.db import migrations

from audit.db import append_only, create_refuse_change


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [create_refuse_change(), append_only("audit_auditrecord")]
