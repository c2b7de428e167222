package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"gen3d/handlers/api"
	"gen3d/handlers/extract"
	"gen3d/handlers/notify"
	"gen3d/handlers/sweep"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/instances"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/local/functions"
	"gen3d/local/objectstore"
)

// Names of the functions, as in the cloud without the prefix.
const (
	extractName = job.ExtractFunction
	notifyName  = job.NotifyFunction
	apiName     = "api"
	sweepName   = "sweep"
)

// The times of the service on one machine. Most are shorter than in the cloud,
// because a person is waiting.
const (
	// functionTimeout is that of Extract and Notify in the cloud, so that Notify
	// has as long for a scene.
	functionTimeout   = time.Minute
	sweepEvery        = time.Minute
	requestTTL        = 30 * time.Minute
	invocationTimeout = 5 * time.Minute
	// sweepMargin is how long an event may take, including all retries.
	sweepMargin = 6 * time.Minute
	// sweepStall is how long a job may lack an event that S3 did not deliver.
	sweepStall = 2 * time.Minute
)

var (
	// retryDelays together outlast the lease of a run that has ended without
	// sending the mails.
	retryDelays = []time.Duration{time.Second, 5 * time.Second, functionTimeout}
	limits      = job.DefaultLimits()
)

// openFunctions creates the runner. Its functions get their handlers later,
// when the services that they call are running: the runner must exist before
// S3, which delivers pending events of the previous process to it.
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
	runner, err := functions.New(s.db, list, functions.Options{Log: s.part("functions"), Paused: s.disk().paused})
	if err != nil {
		return nil, err
	}
	s.runner = runner
	s.atStop(runner.Close)
	return hs, nil
}

// handlers contains the functions' handlers by name.
type handlers map[string]*handler

// handler is a Lambda handler that is set before the first event.
type handler struct{ functions.Handler }

// fill creates each function with its configuration, as its program does with
// the environment.
func (hs handlers) fill(s *service) error {
	extractConfig, extractErr := environment.From[extract.Config](variables(map[string]string{
		"SAGEMAKER_ENDPOINT_NAME": endpointName, "REQUEST_TTL_SECONDS": seconds(requestTTL),
		"INVOCATION_TIMEOUT_SECONDS": seconds(invocationTimeout), "WAKE": string(s.wake()),
	}))
	notifyConfig, notifyErr := environment.From[notify.Config](variables(map[string]string{
		"WEBSITE_URL": s.url, "EMAIL_SENDER": sender, "EMAIL_ADMIN": admin,
		"USER_POOL_ID": userPoolID, "LEASE_SECONDS": seconds(functionTimeout),
	}))
	apiConfig, apiErr := environment.From[api.Config](variables(map[string]string{"SAGEMAKER_ENDPOINT_NAME": endpointName, "WAKE": string(s.wake())}))
	sweepConfig, sweepErr := environment.From[sweep.Config](variables(map[string]string{
		"REQUEST_TTL_SECONDS": seconds(requestTTL), "INVOCATION_TIMEOUT_SECONDS": seconds(invocationTimeout),
		"SWEEP_MARGIN_SECONDS": seconds(sweepMargin), "SWEEP_STALL_SECONDS": seconds(sweepStall),
	}))
	if err := errors.Join(extractErr, notifyErr, apiErr, sweepErr); err != nil {
		return fmt.Errorf("configuring the functions: %w", err)
	}
	client := s.s3Client()
	data := bucket.New(client, objectstore.DataBucket)
	cfg := s.awsConfig()
	hs[apiName].Handler = functions.Lambda(api.New(apiConfig, api.Services{
		S3: client, Bucket: data, Instances: s.instances(apiName, cfg, data), Now: time.Now, Random: rand.Reader, Log: s.part(apiName), Metrics: s.metrics(apiName),
	}).Handle)
	hs[notifyName].Handler = functions.Lambda(notify.New(notifyConfig, notify.Services{
		Bucket: data, Users: cognitoidentityprovider.NewFromConfig(cfg), Mail: sesv2.NewFromConfig(cfg),
		Now: time.Now, NewID: rand.Text, Log: s.part(notifyName), Metrics: s.metrics(notifyName),
	}).Handle)
	hs[sweepName].Handler = functions.Lambda(sweep.New(sweepConfig, sweep.Services{
		Bucket: data, Now: time.Now, Shuffle: mathrand.Shuffle, Log: s.part(sweepName), Metrics: s.metrics(sweepName),
	}).Handle)
	hs[extractName].Handler = functions.Lambda(extract.New(extractConfig, extract.Services{
		Bucket: data, Endpoint: sagemakerruntime.NewFromConfig(cfg), Instances: s.instances(extractName, cfg, data),
		Now: time.Now, Log: s.part(extractName), Metrics: s.metrics(extractName),
	}).Handle)
	return nil
}

// wake returns the setting autoscaling.wake of this machine: where an instance
// takes time to start, a chosen photo starts one.
func (s *service) wake() instances.When {
	if s.config.ModelStart > 0 || s.config.ModelIdle > 0 {
		return instances.OnPhoto
	}
	return instances.OnSubmit
}

// instances returns the endpoint's instances for a function.
func (s *service) instances(function string, cfg aws.Config, data *bucket.Bucket) *instances.Instances {
	return instances.New(endpointName, instances.Services{
		SageMaker: sagemaker.NewFromConfig(cfg), Now: time.Now, Log: s.part(function), Metrics: s.metrics(function), Asked: data.StartAsked,
	})
}

// variables returns the environment of a program on this machine: the common
// variables, and the program's own where they differ from its defaults.
func variables(own map[string]string) map[string]string {
	all := map[string]string{"DATA_BUCKET": objectstore.DataBucket, "STACK": stackName}
	maps.Copy(all, own)
	return all
}

// seconds formats a duration of whole seconds.
func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

func (s *service) metrics(function string) *telemetry.Metrics {
	return telemetry.NewMetrics(s.records, time.Now, map[string]string{"Stack": stackName, "Function": function})
}

// awsConfig returns the configuration of SDK clients for the stand-ins.
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
