package sweep

import (
	"errors"
	"fmt"
	"time"

	"gen3d/internal/job"
)

// Config is the function's environment.
type Config struct {
	// Bucket is the name of the data bucket.
	Bucket string `env:"DATA_BUCKET"`
	// RequestTTLSeconds and InvocationTimeoutSeconds are the ones that
	// Extract sets for a request.
	RequestTTLSeconds        int `env:"REQUEST_TTL_SECONDS" envDefault:"21600"`
	InvocationTimeoutSeconds int `env:"INVOCATION_TIMEOUT_SECONDS" envDefault:"900"`
	// MarginSeconds allows for the delivery and retries of events.
	MarginSeconds int `env:"SWEEP_MARGIN_SECONDS" envDefault:"900"`
	// StallSeconds is how long an event can take before it counts as lost.
	// Lambda's retries of a failing function take three minutes.
	StallSeconds int `env:"SWEEP_STALL_SECONDS" envDefault:"900"`
	// WaitSeconds is how long a job can wait for a place among its user's
	// unfinished jobs.
	WaitSeconds int `env:"SWEEP_WAIT_SECONDS" envDefault:"604800"`
	// Limits are JSON, as [job.ParseLimits] reads it.
	Limits job.Limits `env:"LIMITS" envDefault:"{}"`
	// MaxJobs limits how many due jobs, and how many possibly stalled jobs,
	// a run processes.
	MaxJobs int `env:"SWEEP_MAX_JOBS" envDefault:"1000"`
	// Stack is the name of the stack, a dimension of the metrics.
	Stack string `env:"STACK" envDefault:"local"`
}

// Validate returns every invalid value, joined in one error.
func (c Config) Validate() error {
	var problems []error
	if c.Bucket == "" {
		problems = append(problems, errors.New("DATA_BUCKET is not set"))
	}
	for _, v := range []struct {
		name  string
		value int
	}{
		{"REQUEST_TTL_SECONDS", c.RequestTTLSeconds}, {"INVOCATION_TIMEOUT_SECONDS", c.InvocationTimeoutSeconds},
		{"SWEEP_MARGIN_SECONDS", c.MarginSeconds}, {"SWEEP_STALL_SECONDS", c.StallSeconds}, {"SWEEP_WAIT_SECONDS", c.WaitSeconds}, {"SWEEP_MAX_JOBS", c.MaxJobs},
	} {
		if v.value < 1 {
			problems = append(problems, fmt.Errorf("%s is %d; it must be at least 1", v.name, v.value))
		}
	}
	if err := c.Limits.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("LIMITS: %w", err))
	}
	return errors.Join(problems...)
}

// life returns the age at which a request has ended in any case.
func (c Config) life() time.Duration {
	return time.Duration(c.RequestTTLSeconds+c.InvocationTimeoutSeconds+c.MarginSeconds) * time.Second
}

func (c Config) wait() time.Duration { return time.Duration(c.WaitSeconds) * time.Second }

func (c Config) stall() time.Duration { return time.Duration(c.StallSeconds) * time.Second }
