package modelserver_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/google/uuid"

	"gen3d/handlers/notify"
	"gen3d/internal/job"
	"gen3d/local/endpoint"
	"gen3d/local/queue"
	"gen3d/tests/support/s3test"
)

// sagemaker is the asynchronous endpoint in front of a server, with Notify
// subscribed to its error topic: a request that the endpoint gives up becomes a
// failed result. The endpoint does not retry a request that the container has
// answered, whatever the status.
type sagemaker struct {
	t                 *testing.T
	client            *sagemakerruntime.Client
	completed, failed atomic.Int64
}

const (
	endpointName = "Gen3DSAMAsyncEndpoint-test"
	successTopic = "arn:aws:sns:us-east-1:000000000000:Gen3DModelSuccess-test"
	errorTopic   = "arn:aws:sns:us-east-1:000000000000:Gen3DModelError-test"
)

func (s *server) endpoint(concurrency int) *sagemaker {
	t := s.t
	t.Helper()
	db, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	topics := notify.New(
		notify.Config{Bucket: s3test.Bucket, WebsiteURL: "https://gen3d.example.org", Stack: "test"},
		notify.Services{Bucket: s.bucket, Now: time.Now, NewID: uuid.NewString, Log: slog.New(slog.DiscardHandler)},
	)
	q := &sagemaker{t: t}
	e, err := endpoint.New(endpoint.Config{
		Name: endpointName, Account: "000000000000", Region: "us-east-1", ModelURL: s.url, Concurrency: concurrency,
		OutputPath: "s3://gen3d-local-model/async/output", FailurePath: "s3://gen3d-local-model/async/failure",
		SuccessTopic: successTopic, ErrorTopic: errorTopic, PingInterval: 20 * time.Millisecond,
	}, endpoint.Dependencies{
		DB: db, S3: s3test.Client(nil), NewID: uuid.NewString, Log: slog.New(slog.DiscardHandler),
		Publish: func(ctx context.Context, topic string, event []byte) error {
			if topic == successTopic {
				q.completed.Add(1)
				return nil
			}
			if err := topics.Handle(ctx, json.RawMessage(event)); err != nil {
				return err
			}
			var failure events.SNSEvent
			if json.Unmarshal(event, &failure) == nil && len(failure.Records) == 1 {
				t.Logf("the endpoint gave up a request: %s", failure.Records[0].SNS.Message)
			}
			q.failed.Add(1)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(e.Handler())
	q.client = sagemakerruntime.New(sagemakerruntime.Options{
		BaseEndpoint: aws.String(web.URL), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		web.Close()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return q
}

// submit queues object n as Extract does.
func (q *sagemaker) submit(m *job.Manifest, n int) {
	q.t.Helper()
	_, err := q.client.InvokeEndpointAsync(q.t.Context(), &sagemakerruntime.InvokeEndpointAsyncInput{
		EndpointName: aws.String(endpointName), InputLocation: aws.String("s3://" + s3test.Bucket + "/" + m.Ref().ManifestKey()),
		ContentType: aws.String("application/json"), CustomAttributes: aws.String(job.CustomAttributes(n)),
		InferenceId: aws.String(m.Ref().InferenceID(n)), InvocationTimeoutSeconds: aws.Int32(900),
	})
	if err != nil {
		q.t.Fatal(err)
	}
}
