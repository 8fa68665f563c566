"""Ten staff members, ten weekdays, twenty half-hours, 500 of the 2,000 taken: the same office for django-appointment."""

import random
from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

from appointment.models import Appointment, AppointmentRequest, Config, Service, StaffMember, WorkingHours
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.utils import timezone

HALF_HOUR = timedelta(minutes=30)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        people = get_user_model().objects
        service = Service.objects.create(name="Counseling", duration=HALF_HOUR, price=0)
        Config.objects.create(slot_duration=30, lead_time=time(8), finish_time=time(18), appointment_buffer_time=0)
        staff = []
        for number in range(10):
            user = people.create(username=f"staff{number}", first_name="Hanako", last_name=f"{number}")
            member = StaffMember.objects.create(user=user, slot_duration=30, lead_time=time(8), finish_time=time(18))
            member.services_offered.add(service)
            for weekday in range(1, 6):
                WorkingHours.objects.create(
                    staff_member=member, day_of_week=weekday, start_time=time(8), end_time=time(18)
                )
            staff.append(member)
        client = people.create(username="client", email="client@mail.example")
        days = [day for day in (timezone.localdate() + timedelta(days=n) for n in range(2, 28)) if day.weekday() < 5][
            :10
        ]
        taken = random.Random(20260401).sample(list(product(staff, days, range(20))), 500)
        requests = AppointmentRequest.objects.bulk_create(
            AppointmentRequest(
                date=day,
                start_time=(begin := datetime.combine(day, time(8)) + half_hour * HALF_HOUR).time(),
                end_time=(begin + HALF_HOUR).time(),
                service=service,
                staff_member=member,
                id_request=f"r{number}",
            )
            for number, (member, day, half_hour) in enumerate(taken)
        )
        Appointment.objects.bulk_create(
            Appointment(
                client=client, appointment_request=request, id_request=request.id_request, amount_to_pay=0, paid=True
            )
            for request in requests
        )
        self.stdout.write(f"{staff[0].pk} {service.pk} {days[0].isoformat()}")
