from django.db import migrations

from accounts.db import one_profile_per_account


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_employer")]
    operations = [one_profile_per_account()]
