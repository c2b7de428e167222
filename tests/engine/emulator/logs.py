"""CloudWatch Logs: the key of a group can be set and removed."""
import json

from moto.logs.responses import LogsResponse as Logs


def _group_key(self, key):
    body = json.loads(self.body)
    name = body.get("logGroupName") or body["resourceIdentifier"].split(":log-group:")[1].removesuffix(":*")
    self.logs_backend.groups[name].kms_key_id = key and body["kmsKeyId"]
    return "{}"


if not hasattr(Logs, "associate_kms_key"):
    Logs.associate_kms_key = lambda self: _group_key(self, True)
if not hasattr(Logs, "disassociate_kms_key"):
    Logs.disassociate_kms_key = lambda self: _group_key(self, None)
