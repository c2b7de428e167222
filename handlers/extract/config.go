package extract

import (
	"errors"
	"fmt"

	"gen3d/internal/instances"
	"gen3d/internal/job"
)

// Config is the function's environment.
type Config struct {
	// Bucket is the name of the data bucket.
	Bucket string `env:"DATA_BUCKET"`
	// Endpoint is the name of the asynchronous SageMaker endpoint.
	Endpoint string `env:"SAGEMAKER_ENDPOINT_NAME"`
	// Wake says when the function asks for the endpoint's first instance.
	Wake instances.When `env:"WAKE" envDefault:"submit"`
	// RequestTTLSeconds is how long a request can wait in the endpoint's
	// queue.
	RequestTTLSeconds int32 `env:"REQUEST_TTL_SECONDS" envDefault:"21600"`
	// InvocationTimeoutSeconds is how long the model can take for an
	// object.
	InvocationTimeoutSeconds int32 `env:"INVOCATION_TIMEOUT_SECONDS" envDefault:"900"`
	// Limits are JSON, as [job.ParseLimits] reads it.
	Limits job.Limits `env:"LIMITS" envDefault:"{}"`
	// Stack is the name of the stack, a dimension of the metrics.
	Stack string `env:"STACK" envDefault:"local"`
}

// Limits of InvokeEndpointAsync:
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
const (
	leastTTL, mostTTL         = 60, 21600
	leastTimeout, mostTimeout = 1, 3600
)

// Validate returns every invalid value, joined in one error.
func (c Config) Validate() error {
	var problems []error
	for name, value := range map[string]string{"DATA_BUCKET": c.Bucket, "SAGEMAKER_ENDPOINT_NAME": c.Endpoint} {
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is not set", name))
		}
	}
	if c.RequestTTLSeconds < leastTTL || c.RequestTTLSeconds > mostTTL {
		problems = append(problems, fmt.Errorf("REQUEST_TTL_SECONDS is %d; it must be %d to %d", c.RequestTTLSeconds, leastTTL, mostTTL))
	}
	if c.InvocationTimeoutSeconds < leastTimeout || c.InvocationTimeoutSeconds > mostTimeout {
		problems = append(problems, fmt.Errorf("INVOCATION_TIMEOUT_SECONDS is %d; it must be %d to %d", c.InvocationTimeoutSeconds, leastTimeout, mostTimeout))
	}
	if err := c.Wake.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("WAKE: %w", err))
	}
	if err := c.Limits.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("LIMITS: %w", err))
	}
	return errors.Join(problems...)
}
