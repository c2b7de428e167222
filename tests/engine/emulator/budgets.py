"""Budgets: the subscribers of a notification, and tags."""
import json

from moto.budgets.responses import BudgetsResponse as Budgets

from .tags import tags


# The subscribers of a notification can be described.
def _subscribers(self):
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    found = [n.subscribers for n in budget.notifications if all(n.details.get(k) == v for k, v in wanted.items())]
    return json.dumps({"Subscribers": found[0] if found else [], "NextToken": None})


if not hasattr(Budgets, "describe_subscribers_for_notification"):
    Budgets.describe_subscribers_for_notification = _subscribers


def _budget_tags(self):
    found = tags.get(json.loads(self.body)["ResourceARN"], {})
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in found.items()]})


def _budget_tag(self):
    body = json.loads(self.body)
    tags.setdefault(body["ResourceARN"], {}).update({t["Key"]: t["Value"] for t in body["ResourceTags"]})
    return "{}"


def _budget_untag(self):
    body = json.loads(self.body)
    for key in body["ResourceTagKeys"]:
        tags.get(body["ResourceARN"], {}).pop(key, None)
    return "{}"


for _name, _f in (("list_tags_for_resource", _budget_tags), ("tag_resource", _budget_tag), ("untag_resource", _budget_untag)):
    if not hasattr(Budgets, _name):
        setattr(Budgets, _name, _f)

# Tags set at the creation of a budget are stored as later ones are.
_create_budget = Budgets.create_budget


def _budgeted(self):
    answer, body = _create_budget(self), json.loads(self.body)
    arn = f"arn:aws:budgets::{body['AccountId']}:budget/{body['Budget']['BudgetName']}"
    tags.setdefault(arn, {}).update({t["Key"]: t["Value"] for t in body.get("ResourceTags") or []})
    return answer


Budgets.create_budget = _budgeted
