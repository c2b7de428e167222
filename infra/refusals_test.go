package infra

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gen3d/infra/settings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// endedPlatforms are the platforms on which SageMaker creates no notebook
// instance any more: https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html
var endedPlatforms = []string{"notebook-al1-v1", "notebook-al2-v1", "notebook-al2-v2", "notebook-al2-v3"}

func TestNotebookIsOnAPlatformThatAWSOffers(t *testing.T) {
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:notebook.enabled": "true"}) {
		if r.TypeToken != "aws:sagemaker/notebookInstance:NotebookInstance" {
			continue
		}
		if platform, ok := r.Inputs["platformIdentifier"]; ok && slices.Contains(endedPlatforms, platform.StringValue()) {
			t.Errorf("the notebook is on %s, which has ended", platform.StringValue())
		}
		return
	}
	t.Error("there is no notebook")
}

// errorsCloudFrontCaches are the statuses that CloudFront keeps for 10 seconds
// unless the distribution says otherwise. 400, 403, 405, 412, 414, 415 and 416 are
// kept as well: some of them only if the origin sends Cache-Control.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
var errorsCloudFrontCaches = []int{403, 404, 500, 502, 503, 504}

func TestCloudFrontKeepsNoErrors(t *testing.T) {
	for _, r := range mustDeploy(t, "dev", nil) {
		if r.TypeToken != "aws:cloudfront/distribution:Distribution" {
			continue
		}
		kept := slices.Clone(errorsCloudFrontCaches)
		if responses, ok := r.Inputs["customErrorResponses"]; ok {
			for _, response := range responses.ArrayValue() {
				settings := response.ObjectValue()
				if settings.HasValue("responsePagePath") || settings.HasValue("responseCode") {
					t.Errorf("the response to %v is replaced, which hides the API's own", settings["errorCode"])
				}
				if ttl, ok := settings["errorCachingMinTtl"]; ok && ttl.NumberValue() == 0 {
					kept = slices.DeleteFunc(kept, func(code int) bool { return code == int(settings["errorCode"].NumberValue()) })
				}
			}
		}
		if len(kept) > 0 {
			t.Errorf("CloudFront keeps the responses %v for 10 seconds and sends them to other users", kept)
		}
		return
	}
	t.Error("there is no distribution")
}

func TestHostsDriverFitsTheImagesCUDA(t *testing.T) {
	packages, err := os.ReadFile("../model-image/requirements/torch.txt")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^nvidia-cuda-runtime-cu12==(\d+)\.`).FindSubmatch(packages)
	if found == nil {
		t.Fatal("torch.txt has no CUDA runtime")
	}
	image, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	if image != settings.ImageCUDA {
		t.Errorf("settings.ImageCUDA is %v, the major version of the image's CUDA %v", settings.ImageCUDA, image)
	}
	for _, instance := range settings.Fitting() {
		for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true", "gen3d:model.image": testImage, "gen3d:model.instanceType": instance.Type}) {
			if r.TypeToken != "aws:sagemaker/endpointConfiguration:EndpointConfiguration" {
				continue
			}
			variant := r.Inputs["productionVariants"].ArrayValue()[0].ObjectValue()
			version, ok := variant[resource.PropertyKey("inferenceAmiVersion")]
			if !ok {
				t.Errorf("%s: the driver is left to AWS, whose default is 470 for some types", instance.Type)
				continue
			}
			if cuda, known := settings.HostCUDA(version.StringValue()); !known || cuda < image || !strings.Contains(version.StringValue(), "-gpu-") {
				t.Errorf("%s: %s does not run CUDA %v", instance.Type, version.StringValue(), image)
			}
		}
	}
}

func TestNothingIsReservedFromANewAccountsConcurrency(t *testing.T) {
	for stack, settings := range map[string]map[string]string{"dev": nil, "prod": nil} {
		for _, r := range mustDeploy(t, stack, settings) {
			if reserved, ok := r.Inputs["reservedConcurrentExecutions"]; ok {
				t.Errorf("%s: %s reserves %v", stack, r.Name, reserved)
			}
		}
	}
}
