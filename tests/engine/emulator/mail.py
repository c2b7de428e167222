"""SES v2: options of a configuration set, its event destinations, and the tags of an identity."""
import json
from urllib.parse import unquote, urlparse

import moto.sesv2.urls as sesv2_urls
from moto.ses.models import ConfigurationSet as SesConfigurationSet
from moto.sesv2.models import SESV2Backend
from moto.sesv2.responses import SESV2Response as SesV2

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

# The ARN of an identity contains identity/; its tags are requested under that ARN.
_make_identity = SESV2Backend.create_email_identity


def _made_identity(self, email_identity, tags, *args, **kwargs):
    if tags:
        self.tag_resource(f"arn:aws:ses:{self.region_name}:{self.account_id}:identity/{email_identity}", tags)
    return _make_identity(self, email_identity, tags, *args, **kwargs)


SESV2Backend.create_email_identity = _made_identity
