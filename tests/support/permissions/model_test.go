package permissions_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/google/uuid"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/local/endpoint"
	"gen3d/local/objectstore"
	"gen3d/local/queue"
	"gen3d/tests/support/permissions"
	"gen3d/tests/support/program"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

const (
	endpointName = "Gen3DSAMAsyncEndpoint-test"
	successTopic = "Gen3DSAMSuccess-test"
	errorTopic   = "Gen3DSAMError-test"
	timeout      = 2 * time.Minute
)

var stacks []*permissions.Stack

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	stacks, err = permissions.Load("../../..", permissions.Names{
		DataBucket: s3test.Bucket, ModelBucket: objectstore.ModelBucket,
		Endpoint: endpointName, SuccessTopic: successTopic, ErrorTopic: errorTopic,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := s3test.Main(m)
	if chosen := flag.Lookup("test.run").Value.String() + flag.Lookup("test.skip").Value.String() + flag.Lookup("test.list").Value.String(); chosen != "" || code != 0 {
		return code
	}
	problems := permissions.Unused(stacks, []string{"model"}, unseen)
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		fmt.Fprintln(os.Stderr, "FAIL: the model may do what nothing of it does; take the rights away in infra/inference.go, write the test, or name the reason in unseen")
		return 1
	}
	return 0
}

// unseen are the rights that SageMaker itself uses for a model.
var unseen = []permissions.Reason{
	{Role: "model", Sid: "ReadWeights", Actions: []string{"s3:GetObject"}, Why: "SageMaker lays the weights under /opt/ml/model before the container starts."},
	{Role: "model", Sid: "ListWeights", Actions: []string{"s3:ListBucket"}, Why: "SageMaker finds the weights by their prefix."},
	{Role: "model", Sid: "WriteTheEndpointsAnswers", Actions: []string{"s3:AbortMultipartUpload"}, Why: "SageMaker asks for it of an asynchronous endpoint's role: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint-prerequisites.html"},
	{Role: "model", Sid: "PullTheImage", Actions: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, Why: "SageMaker pulls the image."},
	{Role: "model", Sid: "AnyResourceImageLogin", Actions: []string{"ecr:GetAuthorizationToken"}, Why: "SageMaker pulls the image."},
	{Role: "model", Sid: "WriteLogs", Actions: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}, Why: "SageMaker writes what the container prints."},
	{Role: "model", Sid: "AnyResourceMetric", Actions: []string{"cloudwatch:PutMetricData"}, Why: "SageMaker publishes the machine's load."},
	{Role: "model", Sid: "AnyResourceNetworkInterface", Why: "SageMaker joins the machines to the VPC.", Actions: []string{
		"ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
		"ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
		"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs",
	}},
}

// The endpoint and the container assume the same role: the endpoint reads
// manifests, stores responses and publishes, the container reads photos and
// writes results.
func TestModelServerAndItsEndpointNeedNoMoreThanTheirRole(t *testing.T) {
	guard := guarded(t)
	container := startServer(t, guard.url)
	w := startEndpoint(t, guard, container)

	before := answers(t)
	ref, manifest := w.job(t, 2)
	for _, n := range []int{1, 2, 1, 9} { // one is repeated, and one is not an object of the job
		w.invoke(t, ref, n)
	}
	for range 4 {
		select {
		case topic := <-w.published:
			for _, s := range stacks {
				if err := s.Allow("model", s.Publish(topic)...); err != nil {
					t.Error(err)
				}
			}
		case <-time.After(timeout):
			t.Fatalf("a request did not end\n%s", container.output)
		}
	}
	for _, o := range manifest.Objects {
		if result := s3test.Document[job.Result](t, ref.ResultKey(o.Index)); result.Status != job.StatusSucceeded {
			t.Errorf("object %d ended with %+v", o.Index, result.Error)
		}
	}
	if n := answers(t) - before; n != 4 {
		t.Errorf("the endpoint stored %d answers; want 4", n)
	}
	for _, s := range stacks {
		used, all := s.Count("model")
		t.Logf("stack %s: %d requests, which used %d of %d rights", s.Name, guard.Judged(), used, all)
	}
}

// answers returns the responses that the endpoint has stored.
func answers(t *testing.T) int {
	t.Helper()
	stored, err := s3test.Client(nil).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(objectstore.ModelBucket), Prefix: aws.String("async/")})
	if err != nil {
		t.Fatal(err)
	}
	return len(stored.Contents)
}

// front is the store behind a guard with the rights of the model's role.
type front struct {
	*permissions.Guard
	url string
}

func guarded(t *testing.T) *front {
	t.Helper()
	store, err := url.Parse(aws.ToString(s3test.Config().BaseEndpoint))
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Guard: &permissions.Guard{
		Role: "model", Stacks: stacks, Refused: func(err error) { t.Error(err) },
		AWS: permissions.Forward(store),
	}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *front) client() *s3.Client {
	return s3.NewFromConfig(s3test.Config(), func(o *s3.Options) {
		o.UsePathStyle, o.BaseEndpoint = true, &f.url
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// container is the model server's program.
type container struct {
	url    string
	output *transcript.Log
}

func startServer(t *testing.T, s3URL string) *container {
	t.Helper()
	server := filepath.Join(t.TempDir(), "server")
	if err := program.Build(server, "gen3d/model-image/server/cmd"); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := &container{url: "http://" + address, output: &transcript.Log{}}
	command := exec.Command(server, "serve")
	command.Env = []string{
		// The region is among the variables that the stack sets; SageMaker is not
		// documented to.
		"AWS_REGION=" + objectstore.Region, "AWS_ACCESS_KEY_ID=" + objectstore.AccessKey, "AWS_SECRET_ACCESS_KEY=" + objectstore.SecretKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_S3=" + s3URL, "GEN3D_S3_PATH_STYLE=true", "HOME=" + t.TempDir(),
		"GEN3D_BACKEND=relief", "DATA_BUCKET=" + s3test.Bucket, "LISTEN_ADDRESS=" + address,
	}
	command.Stdout, command.Stderr = c.output, c.output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return c
}

// world is the endpoint in front of the container.
type world struct {
	client    *sagemakerruntime.Client
	published chan string // topics
}

func startEndpoint(t *testing.T, guard *front, c *container) *world {
	t.Helper()
	db, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{published: make(chan string, 100)}
	e, err := endpoint.New(endpoint.Config{
		Name: endpointName, Account: "000000000000", Region: objectstore.Region, ModelURL: c.url,
		OutputPath: "s3://" + objectstore.ModelBucket + "/async/output", FailurePath: "s3://" + objectstore.ModelBucket + "/async/failure",
		SuccessTopic: successTopic, ErrorTopic: errorTopic, PingInterval: 10 * time.Millisecond,
	}, endpoint.Dependencies{
		DB: db, S3: guard.client(), NewID: uuid.NewString, Log: slog.New(slog.DiscardHandler),
		Publish: func(_ context.Context, topic string, _ []byte) error {
			w.published <- topic
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(e.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		api.Close()
		cancel()
		if err := errors.Join(<-ended, db.Close()); err != nil {
			t.Error(err)
		}
	})
	w.client = sagemakerruntime.New(sagemakerruntime.Options{
		BaseEndpoint: &api.URL, Region: objectstore.Region, Credentials: s3test.Config().Credentials,
	})
	return w
}

// job writes a job for a photo as Extract does, with the photo's version.
func (w *world) job(t *testing.T, objects int) (job.Ref, *job.Manifest) {
	t.Helper()
	data, err := os.ReadFile(s3test.Path("testdata/photos/coffee.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ref := job.Ref{User: s3test.User(t), Job: id}
	key := ref.PhotoKey("coffee", ".jpg")
	s3test.Put(t, key, "image/jpeg", nil, data)
	documents := bucket.New(s3test.Client(nil), s3test.Bucket)
	stored, err := documents.Photo(t.Context(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	m := job.NewManifest(ref, time.Now(), job.Source{
		Bucket: s3test.Bucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: int64(len(data)),
		Width: 600, Height: 400, Orientation: 1, ContentType: "image/jpeg", Name: "coffee.jpg",
	}, make([]job.Selection, objects), job.Options{Formats: job.AllFormats})
	if created, err := documents.CreateManifest(t.Context(), &m); err != nil || !created {
		t.Fatalf("making the manifest: %v, %v", created, err)
	}
	return ref, &m
}

func (w *world) invoke(t *testing.T, ref job.Ref, n int) {
	t.Helper()
	_, err := w.client.InvokeEndpointAsync(t.Context(), &sagemakerruntime.InvokeEndpointAsyncInput{
		EndpointName: aws.String(endpointName), InputLocation: aws.String("s3://" + s3test.Bucket + "/" + ref.ManifestKey()),
		ContentType: aws.String("application/json"), CustomAttributes: aws.String(job.CustomAttributes(n)), InferenceId: aws.String(ref.InferenceID(n)),
	})
	if err != nil {
		t.Fatal(err)
	}
}
