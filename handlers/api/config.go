package api

import (
	"errors"
	"fmt"
	"time"

	"gen3d/internal/instances"
	"gen3d/internal/job"
)

// Config is the function's environment.
type Config struct {
	// Bucket is the name of the data bucket.
	Bucket string `env:"DATA_BUCKET"`
	// Limits of a job, as JSON. A limit that is left out has its default.
	Limits job.Limits `env:"LIMITS" envDefault:"{}"`
	// UploadSeconds is the validity of a presigned POST.
	UploadSeconds int `env:"UPLOAD_SECONDS" envDefault:"900"`
	// DownloadSeconds is the minimum validity of a presigned GET.
	DownloadSeconds int `env:"DOWNLOAD_SECONDS" envDefault:"3600"`
	// Endpoint is the name of the asynchronous SageMaker endpoint.
	Endpoint string `env:"SAGEMAKER_ENDPOINT_NAME"`
	// Wake says when the function asks for the endpoint's first instance.
	Wake instances.When `env:"WAKE" envDefault:"submit"`
	// Stack is the name of the stack, a dimension of the metrics.
	Stack string `env:"STACK" envDefault:"local"`
}

// Validate returns every invalid value, joined in one error.
func (c Config) Validate() error {
	var problems []error
	if c.Bucket == "" {
		problems = append(problems, errors.New("DATA_BUCKET is not set"))
	}
	if c.Endpoint == "" {
		problems = append(problems, errors.New("SAGEMAKER_ENDPOINT_NAME is not set"))
	}
	if err := c.Wake.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("WAKE: %w", err))
	}
	if err := c.Limits.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("LIMITS: %w", err))
	}
	// SigV4 limits a presigned request to a week:
	// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
	const week = 7 * 24 * 60 * 60
	for _, v := range []struct {
		name    string
		seconds int
	}{{"UPLOAD_SECONDS", c.UploadSeconds}, {"DOWNLOAD_SECONDS", c.DownloadSeconds}} {
		if v.seconds < 1 || v.seconds > week-int(signingWindow/time.Second) {
			problems = append(problems, fmt.Errorf("%s is %d; it must be at least 1 and less than a week", v.name, v.seconds))
		}
	}
	return errors.Join(problems...)
}
