package infra

import (
	"context"
	"strings"
	"testing"

	sagemakertypes "github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"gen3d/internal/endpointstate"
	"gen3d/internal/modelimage"
)

// fakeAccount answers with the same endpoint and image for every name.
type fakeAccount struct {
	endpoint endpointstate.State
	image    modelimage.Image
	scaled   string // instance type, while the endpoint is scaled
}

func (a fakeAccount) Endpoint(_ context.Context, name string) (endpointstate.State, error) {
	a.endpoint.Name = name
	return a.endpoint, nil
}

func (a fakeAccount) ScaledInstanceType(context.Context, string, string) (string, error) {
	return a.scaled, nil
}

func (a fakeAccount) Image(context.Context, string, string) (modelimage.Image, error) {
	return a.image, nil
}

func (a fakeAccount) ImageByDigest(context.Context, string, string, string) (modelimage.Image, error) {
	return a.image, nil
}

var pushed = modelimage.Image{Digest: "sha256:" + strings.Repeat("a", 64), MediaType: modelimage.MediaType}

// pushedAccount has the image and no endpoint.
var pushedAccount = fakeAccount{image: pushed}

func TestTheAccountIsLookedAtBeforeAnythingIsRegistered(t *testing.T) {
	state := func(status sagemakertypes.EndpointStatus) endpointstate.State {
		return endpointstate.State{Exists: true, Status: status, Config: "old", Reason: "the ping failed"}
	}
	oci := modelimage.Image{Digest: pushed.Digest, MediaType: "application/vnd.oci.image.manifest.v1+json"}
	byDigest := testAccount + ".dkr.ecr.us-east-1.amazonaws.com/other@sha256:" + strings.Repeat("b", 64)
	for name, test := range map[string]struct {
		account  fakeAccount
		settings map[string]string
		says     string // empty: accepted
	}{
		"a new endpoint":            {pushedAccount, map[string]string{"gen3d:model.enabled": "true"}, ""},
		"an endpoint InService":     {fakeAccount{endpoint: state("InService"), image: pushed}, map[string]string{"gen3d:model.enabled": "true"}, ""},
		"a Failed endpoint":         {fakeAccount{endpoint: state("Failed"), image: pushed}, map[string]string{"gen3d:model.enabled": "true"}, "Failed (the ping failed)"},
		"an endpoint being updated": {fakeAccount{endpoint: state("Updating"), image: pushed}, map[string]string{"gen3d:model.enabled": "true"}, "Wait for it"},
		"another instance type, scaled": {fakeAccount{state("InService"), pushed, "ml.g6e.2xlarge"}, map[string]string{"gen3d:model.enabled": "true"},
			"deregister-scalable-target --service-namespace sagemaker --scalable-dimension sagemaker:variant:DesiredInstanceCount --resource-id endpoint/Gen3DSAMAsyncEndpoint-dev/variant/sam3d"},
		"the same instance type, scaled": {fakeAccount{state("InService"), pushed, "ml.g6e.xlarge"}, map[string]string{"gen3d:model.enabled": "true"}, ""},
		"removal by accident":            {fakeAccount{endpoint: state("InService"), image: pushed}, nil, "set gen3d:model.remove to true"},
		"removal confirmed":              {fakeAccount{endpoint: state("InService"), image: pushed}, map[string]string{"gen3d:model.remove": "true"}, ""},
		"removal of a Failed one":        {fakeAccount{endpoint: state("Failed"), image: pushed}, map[string]string{"gen3d:model.remove": "true"}, ""},
		"an image that is not there":     {fakeAccount{}, map[string]string{"gen3d:model.enabled": "true"}, "gen3d image push --stack dev"},
		"an OCI image":                   {fakeAccount{image: oci}, map[string]string{"gen3d:model.enabled": "true"}, "oci-mediatypes=false"},
		"an OCI image by digest":         {fakeAccount{image: oci}, map[string]string{"gen3d:model.enabled": "true", "gen3d:model.image": byDigest}, "oci-mediatypes=false"},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := deployTo(t, test.account, "dev", test.settings)
			if test.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, want %q", err, test.says)
			}
			for _, r := range seen {
				if strings.HasPrefix(r.TypeToken, "aws:") || strings.HasPrefix(r.TypeToken, "gen3d:") {
					t.Errorf("%s %s was registered", r.TypeToken, r.Name)
				}
			}
		})
	}
}
