"""Dates as offices write them: always with the weekday, 24-hour clock (domain-and-standards A.7)."""

DATE_FORMAT = "Y年n月j日(D)"
TIME_FORMAT = "G:i"
DATETIME_FORMAT = "Y年n月j日(D) G:i"
MONTH_DAY_FORMAT = "n月j日(D)"
SHORT_DATE_FORMAT = "Y/m/d"
SHORT_DATETIME_FORMAT = "Y/m/d G:i"
