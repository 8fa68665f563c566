import django.db.models.deletion
from django.db import migrations, models

from booking.db import immutable_in_force


class Migration(migrations.Migration):
    dependencies = [("booking", "0007_rules_of_services")]
    operations = [
        migrations.RemoveConstraint(
            model_name='service',
            name='session_lasts_30_or_45_minutes',
        ),
        migrations.RemoveConstraint(
            model_name='service',
            name='booking_closes_the_day_before_at_the_latest',
        ),
        migrations.RemoveConstraint(
            model_name='service',
            name='step_at_least_five_minutes',
        ),
        migrations.RemoveField(
            model_name='service',
            name='cancel_channel',
        ),
        migrations.RemoveField(
            model_name='service',
            name='cancel_closes_at',
        ),
        migrations.RemoveField(
            model_name='service',
            name='cancel_closes_days_before',
        ),
        migrations.RemoveField(
            model_name='service',
            name='closes_at',
        ),
        migrations.RemoveField(
            model_name='service',
            name='closes_days_before',
        ),
        migrations.RemoveField(
            model_name='service',
            name='length_minutes',
        ),
        migrations.RemoveField(
            model_name='service',
            name='opens_months_before',
        ),
        migrations.RemoveField(
            model_name='service',
            name='seeker_number',
        ),
        migrations.RemoveField(
            model_name='service',
            name='step_minutes',
        ),
        migrations.RemoveField(
            model_name='service',
            name='topic',
        ),
        migrations.RemoveField(
            model_name='servicehours',
            name='service',
        ),
        migrations.AlterField(
            model_name="servicehours",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="hours",
                to="booking.policyversion",
                verbose_name="規則",
            ),
        ),
        immutable_in_force(),
    ]
