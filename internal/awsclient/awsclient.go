// Package awsclient creates the AWS clients of the functions and the model
// server from their environment.
//
// Region, credentials and retries come from the standard variables and the role
// of the function, as do endpoints: AWS_ENDPOINT_URL sets that of every client,
// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME that of one.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
//
// Clients that need no further settings are created where they are used, such
// as sesv2.NewFromConfig(cfg), so that a function's binary contains only the
// services that it uses.
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

// PathStyleVariable is the environment variable that, if true, puts the bucket
// into the path of S3 requests instead of the host name. An S3 at 127.0.0.1
// needs it.
const PathStyleVariable = "GEN3D_S3_PATH_STYLE"

// Load reads the environment. An invalid one, or one without a region, is an
// error here and not at the first call.
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

// S3 returns the client of the buckets.
func S3(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle, _ = pathStyle() // Load has refused an invalid value
		// A range of an object has no checksum, and photos are read in ranges:
		// the warning would be logged every time.
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
