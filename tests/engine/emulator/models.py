"""SageMaker's models: the format of an image's manifest, and what responses lack."""
import json
import re

import moto.sagemaker.models as sagemaker
from moto.ecr.models import ecr_backends
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse as SageMaker

from .roles import SAGEMAKER_REFUSES, spreads


# Responses omit empty blocks.
def _without_empty(cls, *attributes):
    init = cls.__init__

    def patched(self, *args, **kwargs):
        init(self, *args, **kwargs)
        for a in attributes:
            if not getattr(self, a, None):
                setattr(self, a, None)

    cls.__init__ = patched


_without_empty(sagemaker.Model, "vpc_config")

# A model's image has a manifest of Docker's format; OCI's is refused with this message.
# https://github.com/aws/amazon-sagemaker-feedback/issues/180
# https://repost.aws/questions/QUQgFRXiCYTjCtyxH_e2x9yg/oci-format-unsupported-when-creating-a-sagemaker-model
_create_model = SageMaker.create_model


def _created_model(self):
    role = json.loads(self.body).get("ExecutionRoleArn")
    if spreads(role):
        raise ValidationError(SAGEMAKER_REFUSES.format(role))
    uri = (json.loads(self.body).get("PrimaryContainer") or {}).get("Image", "")
    found = re.fullmatch(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^:@]+)(?::([^@]+))?(?:@(.+))?", uri)
    repository = ecr_backends[found[1]][found[2]].repositories.get(found[3]) if found else None
    for image in repository.images if repository else []:
        named = found[5] == image.get_image_digest() or (not found[5] and found[4] in image.image_tags)
        if named and image.image_manifest_media_type != "application/vnd.docker.distribution.manifest.v2+json":
            raise ValidationError(f"Unsupported manifest media type {image.image_manifest_media_type} for image {uri}. "
                                  "Ensure that valid manifest media type is used for specified image.")
    return _create_model(self)


SageMaker.create_model = _created_model
