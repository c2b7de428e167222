package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"gen3d/local/objectstore"
	"gen3d/tests/support/runtimeapi"
)

const (
	endpointName = "Gen3DSAMAsyncEndpoint-bench"
	userPoolID   = "us-east-1_gen3dbench"
	sender       = "noreply@genesis3d.com"
	admin        = "info@2112-lab.com"
)

// functionNames are the deployed functions.
var functionNames = []string{"extract", "notify", "api", "sweep"}

// settings are the variables that a stack sets for each function.
var settings = map[string][]string{
	"api":     {"SAGEMAKER_ENDPOINT_NAME=" + endpointName},
	"extract": {"SAGEMAKER_ENDPOINT_NAME=" + endpointName},
	"notify":  {"WEBSITE_URL=https://gen3d.example.com", "EMAIL_SENDER=" + sender, "EMAIL_ADMIN=" + admin, "USER_POOL_ID=" + userPoolID},
}

// timeout is that of an invocation, long enough for a machine under load.
const timeout = time.Minute

// startFunction runs a function's program under the Runtime API, with S3 and
// the other services of AWS at the given addresses.
func startFunction(ctx context.Context, b *bench, name, s3URL, awsURL string) (*runtimeapi.Host, error) {
	env := append([]string{
		"AWS_REGION=" + objectstore.Region, "AWS_ACCESS_KEY_ID=" + objectstore.AccessKey, "AWS_SECRET_ACCESS_KEY=" + objectstore.SecretKey,
		"AWS_ENDPOINT_URL=" + awsURL, "AWS_ENDPOINT_URL_S3=" + s3URL, "GEN3D_S3_PATH_STYLE=true",
		"DATA_BUCKET=" + objectstore.DataBucket, "STACK=bench",
	}, settings[name]...)
	host, err := runtimeapi.Start(ctx, b.program(name), env, io.Discard)
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := host.Ready(ready); err != nil {
		host.Close()
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return host, nil
}
