package modelimage

import (
	"fmt"
	"strings"
)

// MediaType is that of an image's manifest which SageMaker accepts.
const MediaType = "application/vnd.docker.distribution.manifest.v2+json"

// CheckMediaType returns an error that says what to do for an image that
// SageMaker's CreateModel refuses: one with an OCI manifest or an index
// ("Unsupported manifest media type … for image …"). The empty media type of an
// unknown image is accepted.
// https://repost.aws/questions/QUQgFRXiCYTjCtyxH_e2x9yg/oci-format-unsupported-when-creating-a-sagemaker-model
// https://github.com/aws/amazon-sagemaker-feedback/issues/180
func CheckMediaType(image, mediaType string) error {
	if mediaType == "" || mediaType == MediaType {
		return nil
	}
	name := image
	repository, reference, tagged := strings.Cut(name[strings.LastIndex(name, "/")+1:], ":")
	remove := "delete it from ECR"
	if tagged && !strings.Contains(name, "@") {
		remove = fmt.Sprintf("delete it (aws ecr batch-delete-image --repository-name %s --image-ids imageTag=%s)", repository, reference)
	}
	return fmt.Errorf("the manifest of image %s is %s, which SageMaker refuses: it needs %s. To replace it, %s and run "+
		"bin/gen3d image push, or build it with docker buildx build --provenance=false --output type=image,oci-mediatypes=false,push=true",
		image, mediaType, MediaType, remove)
}
