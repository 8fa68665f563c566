from django.db import migrations

from audit.db import append_only


class Migration(migrations.Migration):
    dependencies = [("terms", "0001_initial"), ("audit", "0002_append_only")]
    operations = [append_only("terms_consent")]
