"""S3: the conditions of a bucket's policy, and delete markers."""
import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker


# A statement of a bucket policy applies only if its condition is met. moto ignores conditions, and
# would refuse every request over plain HTTP to a bucket that requires TLS.
def _permission(self, action, resource):
    document = json.loads(self.policy) if self.policy else {}
    document["Statement"] = [s for s in document.get("Statement", []) if not s.get("Condition")]
    if not document["Statement"]:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps(document)).is_action_permitted(action, resource)


FakeBucket.get_permission = _permission

# A delete marker can be deleted as a version can.
if not hasattr(FakeDeleteMarker, "dispose"):
    FakeDeleteMarker.dispose = lambda self, garbage=False: None
