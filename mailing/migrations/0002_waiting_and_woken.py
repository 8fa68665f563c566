from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailing", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="is_waiting",
            field=models.BooleanField(default=False, editable=False, verbose_name="きっかけ待ち"),
        ),
        migrations.AddField(
            model_name="outgoingmail",
            name="woken_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="呼び出し日時"),
        ),
    ]
