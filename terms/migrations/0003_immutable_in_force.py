from django.db import migrations

from terms.db import immutable_in_force


class Migration(migrations.Migration):
    dependencies = [("terms", "0002_append_only")]
    operations = [immutable_in_force()]
