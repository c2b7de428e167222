"""Application Auto Scaling: tags, and what it refuses of scheduled actions and step policies."""
import json
from zoneinfo import available_timezones

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend as ScalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Scaling

from .schedules import is_schedule
from .tags import tags


def _list_tags(self):
    return json.dumps({"Tags": tags.get(json.loads(self.body)["ResourceARN"], {})})


def _tag(self):
    body = json.loads(self.body)
    tags.setdefault(body["ResourceARN"], {}).update(body["Tags"])
    return "{}"


def _untag(self):
    body = json.loads(self.body)
    for key in body["TagKeys"]:
        tags.get(body["ResourceARN"], {}).pop(key, None)
    return "{}"


for _name, _f in (("list_tags_for_resource", _list_tags), ("tag_resource", _tag), ("untag_resource", _untag)):
    if not hasattr(Scaling, _name):
        setattr(Scaling, _name, _f)

# Tags set at the creation of a scalable target are stored as later ones are.
_register = Scaling.register_scalable_target


def _registered(self):
    answer = _register(self)
    tags.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(json.loads(self.body).get("Tags") or {})
    return answer


Scaling.register_scalable_target = _registered

# The policies and scheduled actions of a deregistered target are deleted.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
_deregister = ScalingBackend.deregister_scalable_target


def _deregistered(self, namespace, r_id, dimension):
    _deregister(self, namespace, r_id, dimension)
    self.policies = {k: p for k, p in self.policies.items() if p.resource_id != r_id}
    self.scheduled_actions = [a for a in self.scheduled_actions if a.resource_id != r_id]


ScalingBackend.deregister_scalable_target = _deregistered

# Application Auto Scaling refuses schedules, time zones and step adjustments that moto accepts.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
# https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
_put_action, _put_policy = Scaling.put_scheduled_action, Scaling.put_scaling_policy


def _action_put(self):
    body = json.loads(self.body)
    action = body.get("ScalableTargetAction") or {}
    # The provider's update sends only what changes; the rest is kept.
    changed = any(all(getattr(a, attribute) == body.get(key) for attribute, key in (
        ("service_namespace", "ServiceNamespace"), ("scheduled_action_name", "ScheduledActionName"),
        ("resource_id", "ResourceId"), ("scalable_dimension", "ScalableDimension")))
        for a in self.applicationautoscaling_backend.scheduled_actions)
    if not (changed and "Schedule" not in body) and not is_schedule(body.get("Schedule") or ""):
        raise AWSValidationException(f"Invalid schedule expression: {body.get('Schedule')}")
    if body.get("Timezone") and body["Timezone"] not in available_timezones():
        raise AWSValidationException(f"Invalid time zone: {body['Timezone']}")
    if not (changed and "ScalableTargetAction" not in body) and not {"MinCapacity", "MaxCapacity"} & set(action):
        raise AWSValidationException("A scheduled action needs a minimum or a maximum capacity")
    if action.get("MinCapacity", 0) > action.get("MaxCapacity", action.get("MinCapacity", 0)):
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
    return _put_action(self)


def _policy_put(self):
    step = json.loads(self.body).get("StepScalingPolicyConfiguration") or {}
    for adjustment in step.get("StepAdjustments") or []:
        if step.get("AdjustmentType") == "ExactCapacity" and adjustment["ScalingAdjustment"] < 0:
            raise AWSValidationException("For exact capacity, you must specify a non-negative value")
        if adjustment.get("MetricIntervalLowerBound") is None and adjustment.get("MetricIntervalUpperBound") is None:
            raise AWSValidationException("The upper and lower bound can't be null in the same step adjustment")
    if step and step.get("AdjustmentType") not in ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"):
        raise AWSValidationException(f"Invalid adjustment type: {step.get('AdjustmentType')}")
    return _put_policy(self)


Scaling.put_scheduled_action, Scaling.put_scaling_policy = _action_put, _policy_put
