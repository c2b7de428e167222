package instances_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/smithy-go"

	"gen3d/internal/instances"
	"gen3d/internal/telemetry"
	"gen3d/local/endpoint"
	"gen3d/local/queue"
)

const name = "Gen3DSAMAsyncEndpoint-test"

// fake answers with an endpoint's counts and status, or with errors.
type fake struct {
	current, desired       int32
	status                 types.EndpointStatus
	described, updated     int
	describeErr, updateErr error
	asked                  *sagemaker.UpdateEndpointWeightsAndCapacitiesInput
}

func (f *fake) DescribeEndpoint(context.Context, *sagemaker.DescribeEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointOutput, error) {
	f.described++
	if f.describeErr != nil {
		return nil, f.describeErr
	}
	return &sagemaker.DescribeEndpointOutput{EndpointStatus: f.status, ProductionVariants: []types.ProductionVariantSummary{{
		VariantName: aws.String("sam3d"), CurrentInstanceCount: &f.current, DesiredInstanceCount: &f.desired,
	}}}, nil
}

func (f *fake) UpdateEndpointWeightsAndCapacities(_ context.Context, in *sagemaker.UpdateEndpointWeightsAndCapacitiesInput, _ ...func(*sagemaker.Options)) (*sagemaker.UpdateEndpointWeightsAndCapacitiesOutput, error) {
	f.updated++
	f.asked = in
	return &sagemaker.UpdateEndpointWeightsAndCapacitiesOutput{}, f.updateErr
}

func refusal(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

func of(api instances.SageMaker, now func() time.Time, out io.Writer) *instances.Instances {
	return recording(api, now, out, nil)
}

func recording(api instances.SageMaker, now func() time.Time, out io.Writer, asked func(context.Context, time.Time) error) *instances.Instances {
	return instances.New(name, instances.Services{
		Asked: asked, SageMaker: api, WakeTimeout: 10 * time.Minute, Now: now, Log: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(out, now, map[string]string{"Stack": "test"}),
	})
}

func TestWakeAsksOnlyForTheFirstInstance(t *testing.T) {
	missing := refusal("ValidationException", `Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x".`)
	busy := refusal("ValidationException", `Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x".`)
	throttled := refusal("ThrottlingException", "Rate exceeded")
	for what, c := range map[string]struct {
		fake
		state   instances.State
		updates int
		asked   bool
		metric  string // counted, or empty
	}{
		"stopped":         {fake{status: types.EndpointStatusInService}, instances.Stopped, 1, true, "Wakes"},
		"starting":        {fake{desired: 1, status: types.EndpointStatusUpdating}, instances.Starting, 0, false, ""},
		"running":         {fake{current: 1, desired: 1, status: types.EndpointStatusInService}, instances.Running, 0, false, ""},
		"stopping":        {fake{current: 1, status: types.EndpointStatusUpdating}, instances.Changing, 0, false, ""},
		"being updated":   {fake{status: types.EndpointStatusUpdating}, instances.Changing, 0, false, ""},
		"being created":   {fake{status: types.EndpointStatusCreating}, instances.Starting, 0, false, ""},
		"failed":          {fake{status: types.EndpointStatusFailed}, instances.Changing, 0, false, ""},
		"not deployed":    {fake{describeErr: missing}, instances.Missing, 0, false, ""},
		"updated already": {fake{status: types.EndpointStatusInService, updateErr: busy}, instances.Stopped, 1, false, ""},
		"throttled":       {fake{describeErr: throttled}, instances.Missing, 0, false, "WakesFailed"},
		"out of quota":    {fake{status: types.EndpointStatusInService, updateErr: refusal("ResourceLimitExceeded", "")}, instances.Stopped, 1, false, "WakesFailed"},
	} {
		t.Run(what, func(t *testing.T) {
			var out bytes.Buffer
			recorded := 0
			i := recording(&c.fake, time.Now, &out, func(context.Context, time.Time) error {
				recorded++
				return errors.New("the test refuses the record")
			})
			if asked := i.Wake(t.Context()); asked != c.asked || c.updated != c.updates || (recorded == 1) != c.asked {
				t.Errorf("asked is %v after %d updates, and recorded %d times", asked, c.updated, recorded)
			}
			if c.updated > 0 {
				if in := c.fake.asked.DesiredWeightsAndCapacities; len(in) != 1 || *in[0].VariantName != "sam3d" || *in[0].DesiredInstanceCount != 1 || in[0].DesiredWeight != nil {
					t.Errorf("asked for %+v", in)
				}
			}
			for _, metric := range []string{"Wakes", "WakesFailed"} {
				if counted := strings.Contains(out.String(), `"`+metric+`":1`); counted != (metric == c.metric) {
					t.Errorf("%s is counted: %v", metric, counted)
				}
			}
			if c.describeErr == nil || !errors.Is(c.describeErr, throttled) {
				status, err := i.Status(t.Context())
				if err != nil || status.State != c.state || (status.Serving > 0) != (c.state == instances.Running) {
					t.Errorf("the status is %+v (%v)", status, err)
				}
			}
		})
	}
}

func TestStatusIsReadOncePerFiveSeconds(t *testing.T) {
	now := time.Now()
	f := &fake{current: 1, desired: 1, status: types.EndpointStatusInService}
	i := of(f, func() time.Time { return now }, io.Discard)
	read := func() {
		t.Helper()
		if status, err := i.Status(t.Context()); err != nil || status.State != instances.Running {
			t.Errorf("the status is %+v (%v)", status, err)
		}
	}
	read()
	now = now.Add(4 * time.Second)
	read()
	if i.Wake(t.Context()); f.described != 1 {
		t.Errorf("described %d times", f.described)
	}
	now = now.Add(2 * time.Second)
	if read(); f.described != 2 {
		t.Errorf("described %d times", f.described)
	}
}

// The stand-in answers as SageMaker is documented to; the SDK must read that.
func TestStandInIsUnderstood(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	db, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	e, err := endpoint.New(endpoint.Config{
		Name: name, Account: "000000000000", Region: "us-east-1", ModelURL: "http://127.0.0.1:1",
		OutputPath: "s3://m/output", FailurePath: "s3://m/failure", Start: time.Hour,
	}, endpoint.Dependencies{DB: db, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e.Control())
	t.Cleanup(server.Close)
	client := sagemaker.New(sagemaker.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	i := of(client, clock, io.Discard)
	if status, err := i.Status(t.Context()); err != nil || status.State != instances.Stopped {
		t.Fatalf("the status is %+v (%v)", status, err)
	}
	if !i.Wake(t.Context()) || i.Wake(t.Context()) {
		t.Error("the first wake must ask, the second not")
	}
	if status, err := i.Status(t.Context()); err != nil || status.State != instances.Starting {
		t.Errorf("the status is %+v (%v)", status, err)
	}
	_, err = client.UpdateEndpointWeightsAndCapacities(t.Context(), &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName:                aws.String(name),
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{{VariantName: aws.String("sam3d"), DesiredInstanceCount: aws.Int32(0)}},
	})
	if err == nil || !strings.Contains(err.Error(), "Cannot update in-progress endpoint") {
		t.Errorf("an update of an endpoint in progress: %v", err)
	}
	other := instances.New("other", instances.Services{SageMaker: client, Now: clock, Log: slog.New(slog.DiscardHandler)})
	if status, err := other.Status(t.Context()); err != nil || status.State != instances.Missing {
		t.Errorf("the status of a missing endpoint is %+v (%v)", status, err)
	}
}
