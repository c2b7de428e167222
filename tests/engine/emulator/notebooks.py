"""SageMaker's notebook instances: platforms and types that have ended, and what responses lack."""
import json

from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.responses import SageMakerResponse as SageMaker

from .roles import SAGEMAKER_REFUSES, spreads

# The platforms of Amazon Linux 1 and 2 have ended; no notebook instance can be created on them.
# Without a platform the instance gets notebook-al2023-v1, which does not run on some types.
# https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html
_ENDED_PLATFORMS = ("notebook-al1-v1", "notebook-al2-v1", "notebook-al2-v2", "notebook-al2-v3")
_NOT_ON_AL2023 = ("ml.p2.", "ml.p3.", "ml.p3dn.", "ml.inf1.", "ml.g3.")

# Responses have the platform and the metadata service of a notebook instance.
_make_notebook, _describe_notebook = SageMaker.create_notebook_instance, SageMaker.describe_notebook_instance
_notebooks: dict[str, dict] = {}


def _created(self):
    body = json.loads(self.body)
    if body.get("PlatformIdentifier") in _ENDED_PLATFORMS:
        raise AWSValidationException(f"Platform identifier {body['PlatformIdentifier']} is deprecated: no notebook instance can be created on it.")
    if body["InstanceType"].startswith(_NOT_ON_AL2023):
        raise AWSValidationException(f"Instance type {body['InstanceType']} is not supported on notebook-al2023-v1.")
    if spreads(body["RoleArn"]):
        raise AWSValidationException(SAGEMAKER_REFUSES.format(body["RoleArn"]))
    _notebooks[body["NotebookInstanceName"]] = {
        k: body[k] for k in ("PlatformIdentifier", "InstanceMetadataServiceConfiguration") if body.get(k)}
    return _make_notebook(self)


def _described(self):
    answer = _describe_notebook(self)
    answer._result = {**answer.result, **_notebooks.get(json.loads(self.body)["NotebookInstanceName"], {})}
    return answer


SageMaker.create_notebook_instance, SageMaker.describe_notebook_instance = _created, _described
