"""The schedules that Application Auto Scaling accepts: at, rate and cron.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""
import re

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Fields: minutes, hours, day of month, month, day of week, year; each with its bounds and names.
_CRON = ((0, 59, []), (0, 23, []), (1, 31, []), (1, 12, _MONTHS), (1, 7, _DAYS), (1970, 2199, []))


def _cron_field(text, low, high, names):
    def number(part):
        if part in names:
            return names.index(part) + 1
        return int(part) if part.isdigit() else -1

    for item in text.split(","):
        span, _, step = item.partition("/")
        if "/" in item and not (step.isdigit() and int(step) > 0):
            return False
        if span == "*":
            continue
        numbers = [number(part) for part in span.split("-")]
        if len(numbers) > 2 or numbers != sorted(numbers) or not all(low <= n <= high for n in numbers):
            return False
    return True


def is_schedule(text):
    if re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)|rate\((1 (minute|hour|day)|[1-9]\d* (minutes|hours|days))\)", text):
        return True
    found = re.fullmatch(r"cron\(([^()]*)\)", text)
    fields = found.group(1).split(" ") if found else []
    # One of day of month and day of week is ?, the other is not.
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        return False
    return all(_cron_field(f, *bounds) for i, (f, bounds) in enumerate(zip(fields, _CRON, strict=True)) if not (i in (2, 4) and f == "?"))
