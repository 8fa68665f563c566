from django.db import migrations

HOSTS = """
INSERT INTO booking_meetinghost (address, office_id, bureau_id, buffer_minutes, is_active)
SELECT DISTINCT ON (lower(former_host)) lower(former_host), office_id, NULL::bigint, 0, true
FROM booking_counselor WHERE former_host <> '' ORDER BY lower(former_host), id;
UPDATE booking_counselor SET meeting_host_id = lower(former_host)
WHERE id IN (
    SELECT DISTINCT ON (lower(former_host)) id FROM booking_counselor
    WHERE former_host <> '' ORDER BY lower(former_host), id
);
"""
"""Of two counselors whose addresses differ in upper and lower case only, the first keeps the user: it is one."""
RESERVATIONS = """
UPDATE booking_reservation SET meeting_host_id = counselor.meeting_host_id, host_until = ends_at
FROM booking_counselor counselor
WHERE counselor.id = counselor_id AND counselor.meeting_host_id IS NOT NULL
AND status IN ('held', 'awaiting_link', 'awaiting_reply', 'proposed', 'offered', 'confirmed', 'checked_in', 'completed');
"""
MEETINGS = """
UPDATE booking_onlinemeeting SET ends_at = starts_at + minutes * interval '1 minute';
"""


class Migration(migrations.Migration):
    """The user of every counselor becomes a host of their own, and stands in the reservations that need it."""

    dependencies = [("booking", "0012_meeting_hosts_and_links")]
    operations = [
        migrations.RunSQL(HOSTS, migrations.RunSQL.noop),
        migrations.RunSQL(RESERVATIONS, migrations.RunSQL.noop),
        migrations.RunSQL(MEETINGS, migrations.RunSQL.noop),
    ]
