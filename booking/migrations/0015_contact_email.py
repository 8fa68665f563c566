from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0014_hosts_and_links_guarded'),
    ]

    operations = [
        migrations.AddField(
            model_name=model,
            name='contact_email',
            field=models.EmailField(blank=True, db_default='', default='', max_length=254, verbose_name='お知らせの送り先'),
        )
        for model in ('reservation', 'sessionrequest')
    ]
