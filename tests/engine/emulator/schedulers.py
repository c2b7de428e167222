"""EventBridge Scheduler assumes the role of a schedule when the schedule is created.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
The message: https://github.com/hashicorp/terraform-provider-aws/blob/v5.86.0/internal/service/scheduler/schedule.go
"""
import json

from moto.scheduler.exceptions import ValidationException
from moto.scheduler.responses import EventBridgeSchedulerResponse as Scheduler

from .roles import spreads

_create_schedule = Scheduler.create_schedule


def _created(self):
    if spreads(json.loads(self.body)["Target"]["RoleArn"]):
        raise ValidationException("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
    return _create_schedule(self)


Scheduler.create_schedule = _created
