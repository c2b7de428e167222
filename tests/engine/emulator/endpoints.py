"""SageMaker's endpoints and their configurations."""
import json

import moto.sagemaker.models as sagemaker
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.sagemaker.exceptions import AWSValidationException, ValidationError
from moto.sagemaker.responses import SageMakerResponse as SageMaker

# Instance types are not checked against moto's old list.
for _name in dir(sagemaker):
    _cls = getattr(sagemaker, _name)
    if isinstance(_cls, type) and hasattr(_cls, "validate_instance_type"):
        _cls.validate_instance_type = lambda self, instance_type: None

# Responses omit empty blocks.
_describe_endpoint_config = SageMaker.describe_endpoint_config


def _described(self):
    answer = _describe_endpoint_config(self)
    if not answer.result.get("DataCaptureConfig"):
        answer._result = {k: v for k, v in answer.result.items() if k != "DataCaptureConfig"}
    return answer


SageMaker.describe_endpoint_config = _described

# The version of the host's image is one of these, and its driver runs on the type.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
_AMI_VERSIONS = ("al2-ami-sagemaker-inference-gpu-2", "al2-ami-sagemaker-inference-gpu-2-1", "al2-ami-sagemaker-inference-gpu-3-1",
                 "al2023-ami-sagemaker-inference-gpu-4-1", "al2-ami-sagemaker-inference-neuron-2")
_create_configuration = SageMaker.create_endpoint_config


def _known_ami_version(self):
    for variant in json.loads(self.body)["ProductionVariants"]:
        if variant["ModelName"] in self.sagemaker_backend._models:
            _refuse_unread("model", self.sagemaker_backend._models[variant["ModelName"]].arn)
        version = variant.get("InferenceAmiVersion")
        if version is None:
            continue
        if version not in _AMI_VERSIONS:
            raise AWSValidationException(
                f"Value '{version}' at 'productionVariants.inferenceAmiVersion' failed to satisfy constraint: "
                f"Member must satisfy enum value set: {', '.join(_AMI_VERSIONS)}")
        if ("-gpu-" in version) != variant["InstanceType"].startswith(("ml.g", "ml.p")):
            raise AWSValidationException(f"InferenceAmiVersion {version} is not supported for instance type {variant['InstanceType']}.")
    return _create_configuration(self)


SageMaker.create_endpoint_config = _known_ami_version

# What has just been created may not be read yet; the first creation that needs it is refused.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
_read = set()


def _refuse_unread(kind, resource):
    if resource not in _read:
        _read.add(resource)
        raise ValidationError(f'Could not find {kind} "{resource}".')


# The instance type of a variant that is a scalable target cannot be changed.
# https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
def _refuse_another_type(backend, endpoint, config):
    targets = applicationautoscaling_backends[backend.account_id][backend.region_name].targets
    scaled = targets.get("sagemaker:variant:DesiredInstanceCount", {})
    live = {v["VariantName"]: v["InstanceType"] for v in backend.endpoint_configs[endpoint.endpoint_config_name].production_variants}
    for variant in config.production_variants:
        name = variant["VariantName"]
        if f"endpoint/{endpoint.endpoint_name}/variant/{name}" in scaled and variant["InstanceType"] != live.get(name):
            raise ValidationError(f"The instance type of variant {name} cannot be changed while it is registered with Application Auto Scaling.")


# An endpoint is updated to another configuration in place. Only one that is InService can be
# updated; a Failed one can only be deleted. An endpoint whose update is rolled back keeps its
# configuration and is InService again.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
def _update_endpoint(self):
    body = json.loads(self.body)
    endpoint = self.sagemaker_backend.endpoints[body["EndpointName"]]
    config = self.sagemaker_backend.endpoint_configs[body["EndpointConfigName"]]
    if endpoint.endpoint_status not in ("InService", "UpdateRollbackFailed"):
        raise ValidationError(f'Cannot update endpoint "{endpoint.arn}" with status {endpoint.endpoint_status}.')
    _refuse_another_type(self.sagemaker_backend, endpoint, config)
    if getattr(endpoint, "roll_back", None):
        endpoint.failure_reason, endpoint.roll_back = endpoint.roll_back, None
        return json.dumps({"EndpointArn": endpoint.arn})
    endpoint.endpoint_config_name = config.endpoint_config_name
    endpoint.production_variants = endpoint._process_production_variants(config.production_variants)
    return json.dumps({"EndpointArn": endpoint.arn})


if not hasattr(SageMaker, "update_endpoint"):
    SageMaker.update_endpoint = _update_endpoint

_create_endpoint = SageMaker.create_endpoint


def _created_endpoint(self):
    config = self.sagemaker_backend.endpoint_configs.get(json.loads(self.body)["EndpointConfigName"])
    if config:
        _refuse_unread("endpoint configuration", config.endpoint_config_arn)
    return _create_endpoint(self)


SageMaker.create_endpoint = _created_endpoint

# The configuration of an endpoint must not be deleted while it is in use.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
_delete_endpoint_config = SageMaker.delete_endpoint_config


def _deleted_endpoint_config(self):
    name = json.loads(self.body)["EndpointConfigName"]
    for endpoint in self.sagemaker_backend.endpoints.values():
        if endpoint.endpoint_config_name == name:
            raise ValidationError(f'Cannot delete endpoint configuration "{name}": endpoint "{endpoint.arn}" uses it.')
    return _delete_endpoint_config(self)


SageMaker.delete_endpoint_config = _deleted_endpoint_config
