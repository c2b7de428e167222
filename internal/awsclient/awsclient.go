// Package awsclient makes the AWS clients of the functions and the model
// server from their environment.
//
// Region, credentials and retries come from the standard variables and the
// role of the function, as do endpoints: AWS_ENDPOINT_URL points every client
// at a stand-in, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME just
// one. https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
//
// Clients of services that need no setting beyond that are made where they are
// used, such as sesv2.NewFromConfig(cfg), so that no function's binary carries
// another one's services.
package awsclient

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// PathStyleVariable names the environment variable that, set to true, makes S3
// requests carry the bucket in the path and not in the host's name. A store on
// 127.0.0.1 needs it.
const PathStyleVariable = "GEN3D_S3_PATH_STYLE"

// Load reads the environment. An unreadable one, or one without a region, is an
// error now and not at the first call.
func Load(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, fmt.Errorf("no AWS region is set; set AWS_REGION, such as us-east-1")
	}
	if _, err := pathStyle(); err != nil {
		return aws.Config{}, err
	}
	return cfg, nil
}

// S3 makes the client of the buckets.
func S3(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle, _ = pathStyle() // Load has refused a bad value
		// A part of an object has no checksum of its own, and reading parts of
		// photos is the rule here: a warning each time would say nothing.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

func pathStyle() (bool, error) {
	value := os.Getenv(PathStyleVariable)
	if value == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%s is %q; set it to true or false", PathStyleVariable, value)
	}
	return on, nil
}
