// Package target is where an operator's command works: on a deployed stack, of
// which it reads the outputs, or on the service of this machine.
package target

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/awsclient"
	"gen3d/internal/bucket"
	"gen3d/internal/stackoutput"
	"gen3d/local/objectstore"
)

// Flags choose the target.
type Flags struct {
	Stack   string `help:"Pulumi stack to work on, such as dev. Run the command in the checkout; the AWS credentials are read as by the AWS CLI."`
	Against string `enum:"local," default:"" placeholder:"local" help:"local: work on the service of this machine (gen3d local) instead of a stack."`
	URL     string `name:"url" default:"http://127.0.0.1:8080" help:"Where gen3d local runs; with --against local."`
	S3URL   string `name:"s3-url" default:"http://127.0.0.1:9000" help:"Where its S3 runs; with --against local."`
}

// Outputs are the outputs of a stack that the commands use.
type Outputs struct {
	Region             string `json:"region"`
	WebsiteURL         string `json:"websiteUrl"`
	DataBucket         string `json:"dataBucket"`
	ModelBucket        string `json:"modelBucket"`
	UserPoolID         string `json:"userPoolId"`
	EndpointName       string `json:"endpointName"`
	EndpointConfigName string `json:"endpointConfigName"`
	ExtractFunction    string `json:"extractFunction"`
	NotifyFunction     string `json:"notifyFunction"`
	APIFunction        string `json:"apiFunction"`
	SweepFunction      string `json:"sweepFunction"`
	DeadLetterQueueURL string `json:"deadLetterQueueUrl"`
	AlarmTopicARN      string `json:"alarmTopicArn"`
}

// Target is a stack, or the service of this machine.
type Target struct {
	Outputs
	Stack string // empty on this machine
	URL   string // of the page
	AWS   aws.Config
	S3    *s3.Client
	// Data is the data bucket.
	Data *bucket.Bucket
}

// Local reports whether the target is the service of this machine.
func (t *Target) Local() bool { return t.Stack == "" }

// Option returns the option of the command line that chooses the target, for
// the commands in messages.
func (t *Target) Option() string {
	if t.Local() {
		return "--against local"
	}
	return "--stack " + t.Stack
}

// attempts is the maximum of attempts of a call to AWS.
const attempts = 5

// Open opens the target of the flags.
func (f *Flags) Open(ctx context.Context) (*Target, error) {
	switch {
	case f.Stack != "" && f.Against != "":
		return nil, errors.New("give --stack or --against local, not both")
	case f.Against != "":
		return f.local()
	case f.Stack == "":
		return nil, errors.New("say where: --stack NAME for a deployed stack, or --against local for the service of this machine")
	}
	t := &Target{Stack: f.Stack}
	if err := stackoutput.Read(ctx, "", f.Stack, &t.Outputs); err != nil {
		return nil, err
	}
	if missing := t.missing(); len(missing) > 0 {
		return nil, fmt.Errorf("stack %s has no output %s: deploy it first with make up STACK=%s", f.Stack, strings.Join(missing, ", "), f.Stack)
	}
	t.URL = t.WebsiteURL
	var err error
	if t.AWS, err = config.LoadDefaultConfig(ctx, config.WithRegion(t.Region), config.WithRetryMaxAttempts(attempts)); err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	t.S3 = awsclient.S3(t.AWS)
	t.Data = bucket.New(t.S3, t.DataBucket)
	return t, nil
}

// missing lists the outputs that every stack has and this one has not.
func (t *Target) missing() []string {
	const optional = "endpointConfigName" // empty without the model
	var names []string
	values := reflect.ValueOf(t.Outputs)
	for i := range values.NumField() {
		name := values.Type().Field(i).Tag.Get("json")
		if values.Field(i).String() == "" && name != optional {
			names = append(names, name)
		}
	}
	return names
}

func (f *Flags) local() (*Target, error) {
	for _, url := range []string{f.URL, f.S3URL} {
		if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
			return nil, fmt.Errorf("%q is not a URL: give one like http://127.0.0.1:8080", url)
		}
	}
	t := &Target{
		Outputs: Outputs{Region: objectstore.Region, DataBucket: objectstore.DataBucket, ModelBucket: objectstore.ModelBucket},
		URL:     strings.TrimSuffix(f.URL, "/"),
		AWS: aws.Config{
			Region:           objectstore.Region,
			Credentials:      credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
			BaseEndpoint:     aws.String(f.S3URL),
			RetryMaxAttempts: attempts,
		},
	}
	t.S3 = s3.NewFromConfig(t.AWS, func(o *s3.Options) {
		o.UsePathStyle = true
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	t.Data = bucket.New(t.S3, t.DataBucket)
	return t, nil
}
