import booking.db
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0013_hosts_of_counselors'),
    ]

    operations = [
        migrations.AlterField(
            model_name='onlinemeeting',
            name='ends_at',
            field=models.DateTimeField(verbose_name='終了'),
        ),
        migrations.RemoveField(
            model_name='counselor',
            name='former_host',
        ),
        migrations.RemoveField(
            model_name='onlinemeeting',
            name='minutes',
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('status__in', ('held', 'awaiting_link', 'awaiting_reply', 'proposed', 'offered', 'confirmed', 'checked_in', 'completed'))), expressions=[(booking.db.TsTzRange('starts_at', 'host_until'), '&&'), ('meeting_host', '=')], name='meeting_host_not_double_booked', violation_error_message='このZoomのユーザーは、その時間に別の相談で使います。'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('host_until__isnull', True), ('meeting_host__isnull', True)), models.Q(('host_until__gte', models.F('ends_at')), ('meeting_host__isnull', False)), _connector='OR'), name='host_is_taken_until_the_end'),
        ),
        migrations.AddConstraint(
            model_name='onlinemeeting',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('requested', 'creating', 'unknown', 'open', 'changing', 'failed', 'missing'))), fields=('reservation',), name='one_live_meeting_per_reservation'),
        ),
        migrations.AddConstraint(
            model_name='onlinemeeting',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('open', 'changing')), _negated=True), models.Q(('meeting_id', ''), _negated=True), ('software', 'phone'), models.Q(('software', 'link'), models.Q(('join_url', ''), _negated=True)), _connector='OR'), name='open_meeting_can_be_entered'),
        ),
        migrations.AddConstraint(
            model_name='onlinemeeting',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state__in', ('requested', 'creating', 'unknown', 'open', 'changing', 'failed', 'missing'))), expressions=[(booking.db.TsTzRange('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True)), '&&'), ('exclusive_link', '=')], name='link_serves_one_session_at_a_time', violation_error_message='このURLは、同じ時間か、すぐ前か後の相談で使います。'),
        ),
    ]
