package engine

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"gen3d/internal/endpointstate"
)

// play sets the state of the emulated endpoint; see emulator/control.py.
func (s *stack) play(state map[string]string) {
	s.Helper()
	state["EndpointName"] = s.output("endpointName")
	body, err := json.Marshal(state)
	if err != nil {
		s.Fatal(err)
	}
	answer, err := http.Post(s.emulator+"/emulator/endpoint", "application/json", bytes.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		s.Fatalf("the emulator answers %s", answer.Status)
	}
}

// look compares the live endpoint with the stack's outputs.
func (s *stack) look() endpointstate.State {
	s.Helper()
	state, err := endpointstate.Look(s.Context(), sagemaker.NewFromConfig(s.access()), s.output("endpointName"), s.output("endpointConfigName"))
	if err != nil {
		s.Fatal(err)
	}
	return state
}

// refuses checks that up fails with this message. A preview runs the same
// program up to the same check, so that one of them is enough for a message.
func (s *stack) refuses(says string) {
	s.Helper()
	if _, err := s.stack.Up(s.Context(), optup.SuppressProgress()); err == nil || !strings.Contains(err.Error(), says) {
		s.Errorf("up returns %v, want %q", err, says)
	}
}

// previewRefuses is like refuses, for a preview.
func (s *stack) previewRefuses(says string) {
	s.Helper()
	if _, err := s.stack.Preview(s.Context(), optpreview.SuppressProgress()); err == nil || !strings.Contains(err.Error(), says) {
		s.Errorf("preview returns %v, want %q", err, says)
	}
}

// pushImage puts an image into the stack's repository and returns its URI.
func (s *stack) pushImage(mediaType, tag string) string {
	s.Helper()
	url := s.output("ecrRepositoryUrl")
	_, repository, _ := strings.Cut(url, "/")
	put, err := ecr.NewFromConfig(s.access()).PutImage(s.Context(), &ecr.PutImageInput{
		RepositoryName: aws.String(repository), ImageTag: aws.String(tag), ImageManifestMediaType: aws.String(mediaType),
		ImageManifest: aws.String(`{"schemaVersion":2,"mediaType":"` + mediaType + `","layers":[{"digest":"` + tag + `"}],"config":{"size":1}}`),
	})
	if err != nil {
		s.Fatal(err)
	}
	return url + "@" + aws.ToString(put.Image.ImageId.ImageDigest)
}

// What SageMaker refuses is found before a deployment changes anything, and
// what it undoes is found after it.
func TestTheLiveEndpointDecides(t *testing.T) {
	t.Parallel()
	s := newStack(t, "dev", nil)

	// The emulated account is a new one, which can reserve no concurrency. The
	// up without it continues where the failed one stopped.
	back := s.set(map[string]string{"gen3d:functions.reserveConcurrency": "true"})
	s.refuses("below its minimum value of [10]")
	s.set(back)
	s.up()

	oci := s.pushImage("application/vnd.oci.image.manifest.v1+json", "oci")
	back = s.set(map[string]string{"gen3d:model.enabled": "true", "gen3d:model.image": oci})
	s.previewRefuses("which SageMaker refuses")
	s.refuses("which SageMaker refuses")
	s.set(back)
	s.set(map[string]string{
		"gen3d:model.enabled": "true", "gen3d:model.image": s.pushImage("application/vnd.docker.distribution.manifest.v2+json", "docker"),
	})
	s.up()
	if err := s.look().Deployed(); err != nil {
		t.Error(err)
	}

	// AWS rolls an update back: the provider reports success, and the
	// configuration in use is kept.
	used := s.output("endpointConfigName")
	s.play(map[string]string{"RollBack": "the container failed the ping"})
	s.set(map[string]string{"gen3d:model.maxConcurrency": "4"})
	s.up()
	if err := s.look().Deployed(); err == nil || !strings.Contains(err.Error(), "rolled") || !strings.Contains(err.Error(), "the container failed the ping") {
		t.Errorf("after a rollback the endpoint's check returns %v", err)
	}
	if _, err := sagemaker.NewFromConfig(s.access()).DescribeEndpointConfig(s.Context(), &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: aws.String(used)}); err != nil {
		t.Errorf("the configuration in use is lost: %v", err)
	}
	// The commands of the message bring the wanted configuration up.
	s.refresh()
	s.up()
	if err := s.look().Deployed(); err != nil {
		t.Error(err)
	}

	s.set(map[string]string{"gen3d:model.enabled": "false"})
	s.refuses("set gen3d:model.remove to true")
	s.set(map[string]string{"gen3d:model.enabled": "true"})

	s.play(map[string]string{"Status": "Updating"})
	s.previewRefuses("Wait for it")
	s.play(map[string]string{"Status": "Failed", "FailureReason": "the ping failed"})
	s.refuses("Failed (the ping failed)")
	// The commands of the message replace the endpoint.
	if _, err := sagemaker.NewFromConfig(s.access()).DeleteEndpoint(s.Context(), &sagemaker.DeleteEndpointInput{EndpointName: aws.String(s.output("endpointName"))}); err != nil {
		t.Fatal(err)
	}
	s.refresh()
	s.up()
	if err := s.look().Deployed(); err != nil {
		t.Error(err)
	}
	s.set(map[string]string{"gen3d:model.enabled": "false", "gen3d:model.remove": "true"})
	s.up()
	if s.look().Exists {
		t.Error("the endpoint still exists")
	}
	s.destroy()
}
