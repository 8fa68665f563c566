from django.db import migrations

from audit.db import append_only


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial"), ("audit", "0002_append_only")]
    operations = [append_only("booking_reservationevent")]
