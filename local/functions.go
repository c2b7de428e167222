package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"gen3d/handlers/api"
	"gen3d/handlers/extract"
	"gen3d/handlers/notify"
	"gen3d/handlers/sweep"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/local/functions"
	"gen3d/local/objectstore"
)

// Names of the functions, as in the cloud but for the prefix.
const (
	extractName = job.ExtractFunction
	notifyName  = job.NotifyFunction
	apiName     = "api"
	sweepName   = "sweep"
)

// The times of the service on one machine. A person waits for it, so retries
// come sooner than Lambda's and jobs are given up sooner than in the cloud.
const (
	functionTimeout   = 30 * time.Second
	sweepEvery        = time.Minute
	requestTTL        = 30 * time.Minute
	invocationTimeout = 5 * time.Minute
	// sweepMargin is how long an event may be on its way, all retries included.
	sweepMargin = 2 * time.Minute
	// quotaWait is how long a photo copied in may wait for a place among its user's
	// unfinished jobs.
	quotaWait = 7 * 24 * time.Hour
)

var (
	retryDelays = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second}
	limits      = job.DefaultLimits()
)

// openFunctions makes the runner. Its functions get their handlers later, when
// what they call is running: the runner must be there before S3, which owes it
// events of the process before this one.
func (s *service) openFunctions() (handlers, error) {
	hs := handlers{extractName: {}, notifyName: {}, apiName: {}, sweepName: {}}
	list := make([]functions.Function, 0, len(hs))
	for name, handler := range hs {
		f := functions.Function{Name: name, Handler: handler, Timeout: functionTimeout, RetryDelays: retryDelays}
		if name == sweepName {
			f.Every = sweepEvery
		}
		list = append(list, f)
	}
	runner, err := functions.New(s.db, list, functions.Options{Log: s.part("functions"), Held: s.disk().held})
	if err != nil {
		return nil, err
	}
	s.runner = runner
	s.atStop(runner.Close)
	return hs, nil
}

// handlers are the functions' handlers by name.
type handlers map[string]*handler

// handler is a Lambda handler that is set before the first event comes.
type handler struct{ functions.Handler }

// fill makes each function from its configuration, as its program does from the
// environment.
func (hs handlers) fill(s *service) error {
	extractConfig := extract.Config{
		Bucket: objectstore.DataBucket, Endpoint: endpointName, Limits: limits, Stack: stackName,
		RequestTTLSeconds: int32(requestTTL / time.Second), InvocationTimeoutSeconds: int32(invocationTimeout / time.Second),
	}
	notifyConfig := notify.Config{
		Bucket: objectstore.DataBucket, WebsiteURL: s.url, Sender: sender, Admin: admin,
		UserPoolID: userPoolID, LeaseSeconds: int(functionTimeout / time.Second), Stack: stackName,
	}
	apiConfig := api.Config{
		Bucket: objectstore.DataBucket, Limits: limits,
		UploadSeconds: 900, DownloadSeconds: 3600, Stack: stackName,
	}
	sweepConfig := sweep.Config{
		Bucket: objectstore.DataBucket, Stack: stackName, MaxJobs: 1000, Limits: limits, WaitSeconds: int(quotaWait / time.Second),
		RequestTTLSeconds: int(requestTTL / time.Second), InvocationTimeoutSeconds: int(invocationTimeout / time.Second),
		MarginSeconds: int(sweepMargin / time.Second), StallSeconds: int(sweepMargin / time.Second),
	}
	if err := errors.Join(extractConfig.Validate(), notifyConfig.Validate(), apiConfig.Validate(), sweepConfig.Validate()); err != nil {
		return fmt.Errorf("configuring the functions: %w", err)
	}
	client := s.s3Client()
	data := bucket.New(client, objectstore.DataBucket)
	cfg := s.awsConfig()
	hs[apiName].Handler = functions.Lambda(api.New(apiConfig, api.Services{
		S3: client, Bucket: data, Now: time.Now, Random: rand.Reader, Log: s.part(apiName), Metrics: s.metrics(apiName),
	}).Handle)
	hs[notifyName].Handler = functions.Lambda(notify.New(notifyConfig, notify.Services{
		Bucket: data, Users: cognitoidentityprovider.NewFromConfig(cfg), Mail: sesv2.NewFromConfig(cfg),
		Now: time.Now, NewID: rand.Text, Log: s.part(notifyName), Metrics: s.metrics(notifyName),
	}).Handle)
	hs[sweepName].Handler = functions.Lambda(sweep.New(sweepConfig, sweep.Services{
		Bucket: data, Now: time.Now, Shuffle: mathrand.Shuffle, Log: s.part(sweepName), Metrics: s.metrics(sweepName),
	}).Handle)
	hs[extractName].Handler = functions.Lambda(extract.New(extractConfig, extract.Services{
		Bucket: data, Endpoint: sagemakerruntime.NewFromConfig(cfg),
		Now: time.Now, Log: s.part(extractName), Metrics: s.metrics(extractName),
	}).Handle)
	return nil
}

func (s *service) metrics(function string) *telemetry.Metrics {
	return telemetry.NewMetrics(s.records, time.Now, map[string]string{"Stack": stackName, "Function": function})
}

// awsConfig points SDK clients at the stand-ins.
func (s *service) awsConfig() aws.Config {
	return aws.Config{
		Region: objectstore.Region, BaseEndpoint: &s.awsURL, HTTPClient: s.awsCalls,
		Credentials: credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
	}
}

func (s *service) s3Client() *s3.Client {
	return s3.NewFromConfig(s.awsConfig(), func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle, o.HTTPClient = &s.s3URL, true, s.s3Calls
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}
