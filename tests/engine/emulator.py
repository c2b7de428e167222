"""moto's server, with patches for what moto lacks or answers differently than AWS.

Usage: emulator.py [PORT]

Listens on 127.0.0.1, on a free port if none is given, and prints the port when it is ready.

The comment of each patch states what AWS does. The differences were found with moto 5.2.1.
"""
import json
import re
import sys
import uuid
from base64 import b64decode
from urllib.parse import parse_qs, unquote, urlparse
from zoneinfo import available_timezones

import moto.cloudfront.models as cloudfront
import moto.cloudfront.urls as cloudfront_urls
import moto.sagemaker.models as sagemaker
import moto.sesv2.urls as sesv2_urls
from moto.applicationautoscaling.exceptions import AWSValidationException as ScalingRefusal
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Scaling
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.budgets.responses import BudgetsResponse as Budgets
from moto.cognitoidp.models import CognitoIdpUserPool
from moto.ec2.models.vpcs import VPCBackend
from moto.ecr.models import ecr_backends
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.logs.responses import LogsResponse as Logs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse as SageMaker
from moto.ses.models import ConfigurationSet as SesConfigurationSet
from moto.sesv2.models import SESV2Backend
from moto.sesv2.responses import SESV2Response as SesV2
from werkzeug.serving import make_server

# SageMaker: instance types are not checked against moto's old list; responses omit empty blocks.
for _name in dir(sagemaker):
    _cls = getattr(sagemaker, _name)
    if isinstance(_cls, type) and hasattr(_cls, "validate_instance_type"):
        _cls.validate_instance_type = lambda self, instance_type: None


def _without_empty(cls, *attributes):
    init = cls.__init__

    def patched(self, *args, **kwargs):
        init(self, *args, **kwargs)
        for a in attributes:
            if not getattr(self, a, None):
                setattr(self, a, None)

    cls.__init__ = patched


_without_empty(sagemaker.Model, "vpc_config")
_describe_endpoint_config = SageMaker.describe_endpoint_config


def _described(self):
    answer = _describe_endpoint_config(self)
    if not answer.result.get("DataCaptureConfig"):
        answer._result = {k: v for k, v in answer.result.items() if k != "DataCaptureConfig"}
    return answer


SageMaker.describe_endpoint_config = _described

# Application Auto Scaling stores tags.
_tags: dict[str, dict[str, str]] = {}


def _list_tags(self):
    return json.dumps({"Tags": _tags.get(json.loads(self.body)["ResourceARN"], {})})


def _tag(self):
    body = json.loads(self.body)
    _tags.setdefault(body["ResourceARN"], {}).update(body["Tags"])
    return "{}"


def _untag(self):
    body = json.loads(self.body)
    for key in body["TagKeys"]:
        _tags.get(body["ResourceARN"], {}).pop(key, None)
    return "{}"


for _name, _f in (("list_tags_for_resource", _list_tags), ("tag_resource", _tag), ("untag_resource", _untag)):
    if not hasattr(Scaling, _name):
        setattr(Scaling, _name, _f)

# Application Auto Scaling refuses schedules, time zones and step adjustments that moto accepts.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
# https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_DAYS = "SUN MON TUE WED THU FRI SAT".split()
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


def _is_schedule(text):
    if re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)|rate\((1 (minute|hour|day)|[1-9]\d* (minutes|hours|days))\)", text):
        return True
    found = re.fullmatch(r"cron\(([^()]*)\)", text)
    fields = found.group(1).split(" ") if found else []
    # One of day of month and day of week is ?, the other is not.
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        return False
    return all(_cron_field(f, *bounds) for i, (f, bounds) in enumerate(zip(fields, _CRON)) if not (i in (2, 4) and f == "?"))


_put_action, _put_policy = Scaling.put_scheduled_action, Scaling.put_scaling_policy


def _action_put(self):
    body = json.loads(self.body)
    action = body.get("ScalableTargetAction") or {}
    # The provider's update sends only what changes; the rest is kept.
    changed = any(all(getattr(a, attribute) == body.get(key) for attribute, key in (
        ("service_namespace", "ServiceNamespace"), ("scheduled_action_name", "ScheduledActionName"),
        ("resource_id", "ResourceId"), ("scalable_dimension", "ScalableDimension")))
        for a in self.applicationautoscaling_backend.scheduled_actions)
    if not (changed and "Schedule" not in body) and not _is_schedule(body.get("Schedule") or ""):
        raise ScalingRefusal(f"Invalid schedule expression: {body.get('Schedule')}")
    if body.get("Timezone") and body["Timezone"] not in available_timezones():
        raise ScalingRefusal(f"Invalid time zone: {body['Timezone']}")
    if not (changed and "ScalableTargetAction" not in body) and not {"MinCapacity", "MaxCapacity"} & set(action):
        raise ScalingRefusal("A scheduled action needs a minimum or a maximum capacity")
    if action.get("MinCapacity", 0) > action.get("MaxCapacity", action.get("MinCapacity", 0)):
        raise ScalingRefusal("Maximum capacity cannot be less than minimum capacity")
    return _put_action(self)


def _policy_put(self):
    step = json.loads(self.body).get("StepScalingPolicyConfiguration") or {}
    for adjustment in step.get("StepAdjustments") or []:
        if step.get("AdjustmentType") == "ExactCapacity" and adjustment["ScalingAdjustment"] < 0:
            raise ScalingRefusal("For exact capacity, you must specify a non-negative value")
        if adjustment.get("MetricIntervalLowerBound") is None and adjustment.get("MetricIntervalUpperBound") is None:
            raise ScalingRefusal("The upper and lower bound can't be null in the same step adjustment")
    if step and step.get("AdjustmentType") not in ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"):
        raise ScalingRefusal(f"Invalid adjustment type: {step.get('AdjustmentType')}")
    return _put_policy(self)


Scaling.put_scheduled_action, Scaling.put_scaling_policy = _action_put, _policy_put

# Lambda: responses have the dead-letter queue, the logging settings and the key of the function.
_KEPT = ("DeadLetterConfig", "LoggingConfig", "KMSKeyArn")
_lambda_init, _lambda_configuration = LambdaFunction.__init__, LambdaFunction.get_configuration
_lambda_update = LambdaFunction.update_configuration


def _lambda_new(self, account_id, spec, *args, **kwargs):
    _lambda_init(self, account_id, spec, *args, **kwargs)
    self._kept = {k: spec[k] for k in _KEPT if k in spec}


def _lambda_answer(self, *args, **kwargs):
    return {**_lambda_configuration(self, *args, **kwargs), **{k: v for k, v in getattr(self, "_kept", {}).items() if v}}


def _lambda_changed(self, updates):
    self._kept = {**getattr(self, "_kept", {}), **{k: updates[k] for k in _KEPT if k in updates}}
    return _lambda_update(self, updates)


LambdaFunction.__init__, LambdaFunction.get_configuration = _lambda_new, _lambda_answer
LambdaFunction.update_configuration = _lambda_changed

# Budgets: the subscribers of a notification can be described.
def _subscribers(self):
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    found = [n.subscribers for n in budget.notifications if all(n.details.get(k) == v for k, v in wanted.items())]
    return json.dumps({"Subscribers": found[0] if found else [], "NextToken": None})


if not hasattr(Budgets, "describe_subscribers_for_notification"):
    Budgets.describe_subscribers_for_notification = _subscribers


def _budget_tags(self):
    tags = _tags.get(json.loads(self.body)["ResourceARN"], {})
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in tags.items()]})


def _budget_tag(self):
    body = json.loads(self.body)
    _tags.setdefault(body["ResourceARN"], {}).update({t["Key"]: t["Value"] for t in body["ResourceTags"]})
    return "{}"


def _budget_untag(self):
    body = json.loads(self.body)
    for key in body["ResourceTagKeys"]:
        _tags.get(body["ResourceARN"], {}).pop(key, None)
    return "{}"


for _name, _f in (("list_tags_for_resource", _budget_tags), ("tag_resource", _budget_tag), ("untag_resource", _budget_untag)):
    if not hasattr(Budgets, _name):
        setattr(Budgets, _name, _f)

# EC2: a deleted VPC endpoint is not described.
_endpoints = VPCBackend.describe_vpc_endpoints


def _live_endpoints(self, *args, **kwargs):
    return [e for e in _endpoints(self, *args, **kwargs) if e.state.lower() != "deleted"]


VPCBackend.describe_vpc_endpoints = _live_endpoints

# SES v2: responses have all options of a configuration set, and its event destinations.
_set_answer = SesConfigurationSet.to_dict_v2


def _set(self):
    answer = _set_answer(self)
    if isinstance(self.enabled, dict):
        answer["SendingOptions"] = self.enabled
    return {k: v for k, v in answer.items() if v}


SesConfigurationSet.to_dict_v2 = _set
_destinations: dict[str, dict[str, dict]] = {}


def _destination_path(self):
    parts = urlparse(self.uri).path.split("/")
    return unquote(parts[4]), unquote(parts[6]) if len(parts) > 6 else ""


def _put_destination(self):
    name, destination = _destination_path(self)
    body = json.loads(self.body)
    destination = destination or body["EventDestinationName"]
    _destinations.setdefault(name, {})[destination] = {"Name": destination, **body["EventDestination"]}
    return "{}"


def _get_destinations(self):
    return json.dumps({"EventDestinations": list(_destinations.get(_destination_path(self)[0], {}).values())})


def _delete_destination(self):
    name, destination = _destination_path(self)
    _destinations.get(name, {}).pop(destination, None)
    return "{}"


for _name, _f in (("create", _put_destination), ("update", _put_destination), ("delete", _delete_destination)):
    if not hasattr(SesV2, f"{_name}_configuration_set_event_destination"):
        setattr(SesV2, f"{_name}_configuration_set_event_destination", _f)
if not hasattr(SesV2, "get_configuration_set_event_destinations"):
    SesV2.get_configuration_set_event_destinations = _get_destinations

for _path in ("event-destinations$", "event-destinations/(?P<EventDestinationName>[^/]+)$"):
    sesv2_urls.url_paths.setdefault("{0}/v2/email/configuration-sets/(?P<ConfigurationSetName>[^/]+)/" + _path, SesV2.dispatch)

# CloudFront: responses have forwarded values only without a cache policy, and SNI only with a custom
# certificate, which is then not the default one.
_behaviour_init, _certificate_init = cloudfront.DefaultCacheBehaviour.__init__, cloudfront.ViewerCertificate.__init__


def _behaviour(self, config):
    _behaviour_init(self, config)
    for attribute, key in (("cache_policy_id", "CachePolicyId"), ("origin_request_policy_id", "OriginRequestPolicyId"),
                           ("response_headers_policy_id", "ResponseHeadersPolicyId")):
        setattr(self, attribute, config.get(key) or None)
    if config.get("CachePolicyId"):
        self.forwarded_values = self.min_ttl = self.max_ttl = self.default_ttl = None


def _certificate(self, config):
    _certificate_init(self, config)
    self.cloud_front_default_certificate = not (self.acm_certificate_arn or self.iam_certificate_id)
    if self.cloud_front_default_certificate:
        self.ssl_support_method = None


cloudfront.DefaultCacheBehaviour.__init__, cloudfront.ViewerCertificate.__init__ = _behaviour, _certificate

# CloudFront: cache, origin request and response headers policies, including the managed ones.
_MANAGED = {
    "cache-policy": {"Managed-CachingOptimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                     "Managed-CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},
    "origin-request-policy": {"Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
                              "Managed-CORS-S3Origin": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"},
    "response-headers-policy": {"Managed-SecurityHeadersPolicy": "67f7725c-6f97-4210-82d7-5512b31e9d03"},
}
_ELEMENT = {"cache-policy": "CachePolicy", "origin-request-policy": "OriginRequestPolicy",
            "response-headers-policy": "ResponseHeadersPolicy"}
_policies: dict[str, dict[str, str]] = {}
_NS = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"'


def _policy_handler(request, full_url, headers):
    url = urlparse(full_url)
    kind, _, rest = url.path.split("/2020-05-31/")[1].partition("/")
    element, store = _ELEMENT[kind], _policies.setdefault(kind, {})
    ident = rest.split("/")[0]

    def one(i, ns=""):
        return (f"<{element}{ns}><Id>{i}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>"
                f"{store[i]}</{element}>")

    def answer(status, body, i=""):
        return status, {"Content-Type": "text/xml", "ETag": f"E{i[:12].upper()}", "Location": f"{url.path}/{i}"}, body

    for name, i in _MANAGED[kind].items():
        store.setdefault(i, f"<{element}Config><Name>{name}</Name></{element}Config>")
    if request.method == "GET" and not ident:
        wanted = parse_qs(url.query).get("Type", [""])[0]
        items = [i for i in store if not wanted or (i in _MANAGED[kind].values()) == (wanted == "managed")]
        rows = "".join(f"<{element}Summary><Type>{'managed' if i in _MANAGED[kind].values() else 'custom'}</Type>{one(i)}</{element}Summary>" for i in items)
        return answer(200, f"<{element}List {_NS}><MaxItems>100</MaxItems><Quantity>{len(items)}</Quantity><Items>{rows}</Items></{element}List>")
    if request.method in ("POST", "PUT"):
        ident = ident or str(uuid.uuid4())
        text = request.get_data(as_text=True) if hasattr(request, "get_data") else request.body
        store[ident] = re.sub(r'\sxmlns="[^"]*"|<\?xml[^>]*\?>', "", text)
        return answer(201 if request.method == "POST" else 200, one(ident, " " + _NS), ident)
    if ident not in store:
        return answer(404, f'<ErrorResponse {_NS}><Error><Type>Sender</Type><Code>NoSuch{element}</Code><Message>none</Message></Error></ErrorResponse>')
    if request.method == "DELETE":
        del store[ident]
        return 204, {}, ""
    return answer(200, one(ident, " " + _NS), ident)


for _kind in _ELEMENT:
    for _path in (f"/2020-05-31/{_kind}$", f"/2020-05-31/{_kind}/(?P<ident>[^/]+)$", f"/2020-05-31/{_kind}/(?P<ident>[^/]+)/config$"):
        cloudfront_urls.url_paths.setdefault("{0}" + _path, _policy_handler)

# Tags set at the creation of a scalable target or a budget are stored as later ones are.
_register, _create_budget = Scaling.register_scalable_target, Budgets.create_budget


def _registered(self):
    answer = _register(self)
    _tags.setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(json.loads(self.body).get("Tags") or {})
    return answer


def _budgeted(self):
    answer, body = _create_budget(self), json.loads(self.body)
    arn = f"arn:aws:budgets::{body['AccountId']}:budget/{body['Budget']['BudgetName']}"
    _tags.setdefault(arn, {}).update({t["Key"]: t["Value"] for t in body.get("ResourceTags") or []})
    return answer


Scaling.register_scalable_target, Budgets.create_budget = _registered, _budgeted

# SES v2: the ARN of an identity contains identity/; its tags are requested under that ARN.
_make_identity = SESV2Backend.create_email_identity


def _made_identity(self, email_identity, tags, *args, **kwargs):
    if tags:
        self.tag_resource(f"arn:aws:ses:{self.region_name}:{self.account_id}:identity/{email_identity}", tags)
    return _make_identity(self, email_identity, tags, *args, **kwargs)


SESV2Backend.create_email_identity = _made_identity


# S3: a statement of a bucket policy applies only if its condition is met. moto ignores conditions, and
# would refuse every request over plain HTTP to a bucket that requires TLS.
def _permission(self, action, resource):
    document = json.loads(self.policy) if self.policy else {}
    document["Statement"] = [s for s in document.get("Statement", []) if not s.get("Condition")]
    if not document["Statement"]:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps(document)).is_action_permitted(action, resource)


FakeBucket.get_permission = _permission

# CloudFront: functions, which moto lacks. Create and publish return a summary, describe the requested
# stage, get the code.
_functions: dict[str, dict] = {}


def _function_summary(name, stage):
    f = _functions[name]
    return (f"<FunctionSummary><Name>{name}</Name><Status>{'DEPLOYED' if stage == 'LIVE' else 'UNPUBLISHED'}</Status>"
            f"<FunctionConfig><Comment>{f['comment']}</Comment><Runtime>{f['runtime']}</Runtime></FunctionConfig>"
            f"<FunctionMetadata><FunctionARN>arn:aws:cloudfront::123456789012:function/{name}</FunctionARN>"
            f"<Stage>{stage}</Stage><CreatedTime>2026-01-01T00:00:00Z</CreatedTime>"
            f"<LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime></FunctionMetadata></FunctionSummary>")


def _xml_text(text, name):
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.S)
    return found.group(1) if found else ""


def _function_handler(request, full_url, headers):
    url = urlparse(full_url)
    parts = [unquote(p) for p in url.path.split("/2020-05-31/function")[1].strip("/").split("/") if p]
    name, action = (parts + ["", ""])[:2]
    stage = parse_qs(url.query).get("Stage", ["DEVELOPMENT"])[0]
    text = request.get_data(as_text=True) if hasattr(request, "get_data") else (request.body or b"").decode()
    if request.method in ("POST", "PUT") and action != "publish":
        name = name or _xml_text(text, "Name")
        old = _functions.get(name, {"version": 0})
        _functions[name] = {"comment": _xml_text(text, "Comment"), "runtime": _xml_text(text, "Runtime"),
                            "code": b64decode(_xml_text(text, "FunctionCode")), "version": old["version"] + 1}
    if name not in _functions:
        return 404, {"Content-Type": "text/xml"}, f"<ErrorResponse {_NS}><Error><Type>Sender</Type><Code>NoSuchFunctionExists</Code><Message>none</Message></Error></ErrorResponse>"
    etag = {"ETag": f"EF{_functions[name]['version']}", "Content-Type": "text/xml"}
    if request.method == "DELETE":
        del _functions[name]
        return 204, {}, ""
    if request.method == "GET" and not action:
        return 200, {**etag, "Content-Type": "application/octet-stream"}, _functions[name]["code"]
    if action == "publish":
        stage = "LIVE"
    created = {"Location": url.path} if request.method == "POST" and not action else {}
    return 201 if created else 200, {**etag, **created}, _function_summary(name, stage)


for _path in ("$", "/(?P<function>[^/]+)$", "/(?P<function>[^/]+)/(?P<action>publish|describe)$"):
    cloudfront_urls.url_paths.setdefault("{0}/2020-05-31/function" + _path, _function_handler)

# SageMaker: responses have the platform and the metadata service of a notebook instance.
_make_notebook, _describe_notebook = SageMaker.create_notebook_instance, SageMaker.describe_notebook_instance
_notebooks: dict[str, dict] = {}


def _made_notebook(self):
    body = json.loads(self.body)
    _notebooks[body["NotebookInstanceName"]] = {
        k: body[k] for k in ("PlatformIdentifier", "InstanceMetadataServiceConfiguration") if body.get(k)}
    return _make_notebook(self)


def _described_notebook(self):
    answer = _describe_notebook(self)
    answer._result = {**answer.result, **_notebooks.get(json.loads(self.body)["NotebookInstanceName"], {})}
    return answer


SageMaker.create_notebook_instance, SageMaker.describe_notebook_instance = _made_notebook, _described_notebook

# SageMaker: an endpoint is updated to another configuration in place. Only one that is InService can be
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
    if getattr(endpoint, "roll_back", None):
        endpoint.failure_reason, endpoint.roll_back = endpoint.roll_back, None
        return json.dumps({"EndpointArn": endpoint.arn})
    endpoint.endpoint_config_name = config.endpoint_config_name
    endpoint.production_variants = endpoint._process_production_variants(config.production_variants)
    return json.dumps({"EndpointArn": endpoint.arn})


if not hasattr(SageMaker, "update_endpoint"):
    SageMaker.update_endpoint = _update_endpoint

# SageMaker: the configuration of an endpoint must not be deleted while it is in use.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
_delete_endpoint_config = SageMaker.delete_endpoint_config


def _deleted_endpoint_config(self):
    name = json.loads(self.body)["EndpointConfigName"]
    for endpoint in self.sagemaker_backend.endpoints.values():
        if endpoint.endpoint_config_name == name:
            raise ValidationError(f'Cannot delete endpoint configuration "{name}": endpoint "{endpoint.arn}" uses it.')
    return _delete_endpoint_config(self)


SageMaker.delete_endpoint_config = _deleted_endpoint_config

# SageMaker: a model's image has a manifest of Docker's format; OCI's is refused with this message.
# https://github.com/aws/amazon-sagemaker-feedback/issues/180
# https://repost.aws/questions/QUQgFRXiCYTjCtyxH_e2x9yg/oci-format-unsupported-when-creating-a-sagemaker-model
_create_model = SageMaker.create_model


def _created_model(self):
    uri = (json.loads(self.body).get("PrimaryContainer") or {}).get("Image", "")
    found = re.fullmatch(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^:@]+)(?::([^@]+))?(?:@(.+))?", uri)
    repository = ecr_backends[found[1]][found[2]].repositories.get(found[3]) if found else None
    for image in repository.images if repository else []:
        if found[5] == image.get_image_digest() or (not found[5] and found[4] in image.image_tags):
            if image.image_manifest_media_type != "application/vnd.docker.distribution.manifest.v2+json":
                raise ValidationError(f"Unsupported manifest media type {image.image_manifest_media_type} for image {uri}. "
                                      "Ensure that valid manifest media type is used for specified image.")
    return _create_model(self)


SageMaker.create_model = _created_model

def _play(app):
    """Adds POST /emulator/endpoint, with which a test sets the state of an endpoint: fields EndpointName, Status, and
    FailureReason; with RollBack, the reason of it, the next update is rolled back."""
    def answer(environ, start_response):
        if environ["PATH_INFO"] != "/emulator/endpoint":
            return app(environ, start_response)
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        endpoint = sagemaker.sagemaker_backends["123456789012"]["us-east-1"].endpoints[body["EndpointName"]]
        endpoint.endpoint_status = body.get("Status") or endpoint.endpoint_status
        endpoint.failure_reason = body.get("FailureReason")
        endpoint.roll_back = body.get("RollBack")
        start_response("200 OK", [])
        return [b"{}"]
    return answer


# Cognito: an update keeps the tags, and the properties that only the creation of a pool sets.
_update_pool = CognitoIdpUserPool.update_extended_config


def _updated_pool(self, extended_config):
    fixed = {k: v for k, v in getattr(self, "extended_config", {}).items()
             if k in ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "UserPoolTags")}
    _update_pool(self, {**fixed, **(extended_config or {})})


CognitoIdpUserPool.update_extended_config = _updated_pool

# CloudWatch Logs: the key of a group can be set and removed.
def _group_key(self, key):
    body = json.loads(self.body)
    name = body.get("logGroupName") or body["resourceIdentifier"].split(":log-group:")[1].removesuffix(":*")
    self.logs_backend.groups[name].kms_key_id = key and body["kmsKeyId"]
    return "{}"


if not hasattr(Logs, "associate_kms_key"):
    Logs.associate_kms_key = lambda self: _group_key(self, True)
if not hasattr(Logs, "disassociate_kms_key"):
    Logs.disassociate_kms_key = lambda self: _group_key(self, None)

# S3: a delete marker can be deleted as a version can.
if not hasattr(FakeDeleteMarker, "dispose"):
    FakeDeleteMarker.dispose = lambda self, garbage=False: None

# SageMaker: the platforms of Amazon Linux 1 and 2 have ended; no notebook instance can be created on them. Without
# a platform the instance gets notebook-al2023-v1, which does not run on some types.
# https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html
_ENDED_PLATFORMS = ("notebook-al1-v1", "notebook-al2-v1", "notebook-al2-v2", "notebook-al2-v3")
_NOT_ON_AL2023 = ("ml.p2.", "ml.p3.", "ml.p3dn.", "ml.inf1.", "ml.g3.")
_create_notebook = SageMaker.create_notebook_instance


def _present_platform(self):
    body = json.loads(self.body)
    if body.get("PlatformIdentifier") in _ENDED_PLATFORMS:
        raise AWSValidationException(f"Platform identifier {body['PlatformIdentifier']} is deprecated: no notebook instance can be created on it.")
    if body["InstanceType"].startswith(_NOT_ON_AL2023):
        raise AWSValidationException(f"Instance type {body['InstanceType']} is not supported on notebook-al2023-v1.")
    return _create_notebook(self)


SageMaker.create_notebook_instance = _present_platform

# SageMaker: the version of the host's image is one of these, and its driver runs on the type.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
_AMI_VERSIONS = ("al2-ami-sagemaker-inference-gpu-2", "al2-ami-sagemaker-inference-gpu-2-1", "al2-ami-sagemaker-inference-gpu-3-1",
                 "al2023-ami-sagemaker-inference-gpu-4-1", "al2-ami-sagemaker-inference-neuron-2")
_create_configuration = SageMaker.create_endpoint_config


def _known_ami_version(self):
    for variant in json.loads(self.body)["ProductionVariants"]:
        version = variant.get("InferenceAmiVersion")
        if version is None:
            continue
        if version not in _AMI_VERSIONS:
            raise AWSValidationException(f"Value '{version}' at 'productionVariants.inferenceAmiVersion' failed to satisfy constraint: Member must satisfy enum value set: {', '.join(_AMI_VERSIONS)}")
        if ("-gpu-" in version) != variant["InstanceType"].startswith(("ml.g", "ml.p")):
            raise AWSValidationException(f"InferenceAmiVersion {version} is not supported for instance type {variant['InstanceType']}.")
    return _create_configuration(self)


SageMaker.create_endpoint_config = _known_ami_version

# Lambda: 10 of an account's concurrent executions stay unreserved, and a new account has 10, so that it can reserve
# none. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (new accounts have reduced quotas),
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
_QUOTA = _UNRESERVED = 10
_reserve = LambdaBackend.put_function_concurrency


def _reserved(self, function_name, reserved_concurrency):
    others = sum(int(f.reserved_concurrency or 0) for f in self.list_functions() if f.function_name != function_name)
    if _QUOTA - others - int(reserved_concurrency) < _UNRESERVED:
        raise InvalidParameterValueException("Specified ReservedConcurrentExecutions for function decreases account's "
                                             f"UnreservedConcurrentExecution below its minimum value of [{_UNRESERVED}].")
    return _reserve(self, function_name, reserved_concurrency)


LambdaBackend.put_function_concurrency = _reserved

# Lambda: a function's environment cannot set the variables that Lambda sets itself.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED_VARIABLES = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}
_new_function, _changed_function = LambdaFunction.__init__, LambdaFunction.update_configuration


def _unreserved(settings):
    taken = _RESERVED_VARIABLES & set((settings.get("Environment") or {}).get("Variables") or {})
    if taken:
        raise InvalidParameterValueException("Lambda was unable to configure your environment variables because the environment "
                                             "variables you have provided contains reserved keys that are currently not supported "
                                             f"for modification. Reserved keys used in this request: {', '.join(sorted(taken))}")


def _created_function(self, account_id, spec, *args, **kwargs):
    _unreserved(spec)
    _new_function(self, account_id, spec, *args, **kwargs)


def _updated_function(self, updates):
    _unreserved(updates)
    return _changed_function(self, updates)


LambdaFunction.__init__, LambdaFunction.update_configuration = _created_function, _updated_function

if __name__ == "__main__":
    server = make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0, _play(DomainDispatcherApplication(create_backend_app)), threaded=True)
    print(server.port, flush=True)
    server.serve_forever()
