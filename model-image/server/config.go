package server

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gen3d/internal/job"
)

// Config is the server's configuration, read from environment variables.
type Config struct {
	// Backend must be set; there is no default.
	Backend job.Backend `env:"GEN3D_BACKEND"`
	// Bucket is the data bucket. Manifests that name another bucket are refused.
	Bucket string `env:"DATA_BUCKET"`
	// Stack is a dimension of the metrics.
	Stack string `env:"STACK" envDefault:"local"`
	// Address to listen on; SageMaker calls port 8080.
	Address string `env:"LISTEN_ADDRESS" envDefault:":8080"`
	// MaxConcurrency is the number of requests processed at the same time; further
	// ones get 503. The endpoint's MaxConcurrentInvocationsPerInstance must not
	// exceed it.
	MaxConcurrency int `env:"MAX_CONCURRENCY" envDefault:"8"`
	// InvocationTimeout bounds the processing of an object, including waiting. The
	// endpoint's InvocationTimeoutSeconds must be a minute longer, so that there
	// is time to write a result that reports the timeout.
	InvocationTimeout time.Duration `env:"INVOCATION_TIMEOUT" envDefault:"14m"`
	// DrainTimeout is how long requests in progress may take after SIGTERM.
	// SIGKILL follows after 30 seconds; canceling the remaining requests and
	// stopping the backend takes up to 3 of them.
	DrainTimeout time.Duration `env:"DRAIN_TIMEOUT" envDefault:"27s"`
	// PhotoCacheBytes bounds the cache of decoded photos; a photo of 12 megapixels
	// takes 48 MB.
	PhotoCacheBytes int64 `env:"PHOTO_CACHE_BYTES" envDefault:"536870912"`
	// PhotoMemoryBytes bounds the memory for decoding photos and masks at the
	// same time, besides the decoded photos. A photo takes up to 28 bytes per
	// pixel, the most expensive one of 50 megapixels 1.4 GB. The default is
	// enough for four of these: a request that waits for memory keeps one of the
	// endpoint's MaxConcurrentInvocationsPerInstance from other requests.
	PhotoMemoryBytes int64 `env:"PHOTO_MEMORY_BYTES" envDefault:"6000000000"`
	// PhotoTimeout bounds fetching and decoding a photo or a mask. The most
	// expensive ones that pass the checks take three seconds of a CPU core.
	PhotoTimeout time.Duration `env:"PHOTO_TIMEOUT" envDefault:"1m"`
	// InstanceType and PricePerHour, its list price, determine the cost in
	// results. Without a price results have no cost.
	InstanceType string  `env:"INSTANCE_TYPE"`
	PricePerHour float64 `env:"INSTANCE_PRICE_USD_PER_HOUR"`
	// Limits is JSON in the form that [job.ParseLimits] reads.
	Limits job.Limits `env:"LIMITS" envDefault:"{}"`
	// LogLevel is DEBUG, INFO, WARN or ERROR.
	LogLevel slog.Level `env:"LOG_LEVEL" envDefault:"INFO"`
}

// Validate returns all problems of the configuration as one error.
func (c Config) Validate() error {
	var problems []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	wrong(c.Backend != job.BackendSAM3D && c.Backend != job.BackendRelief,
		"GEN3D_BACKEND is %q; set it to sam3d or relief", string(c.Backend))
	wrong(c.Bucket == "", "DATA_BUCKET is not set; give it the name of the data bucket")
	wrong(c.Address == "", "LISTEN_ADDRESS is empty; unset it for :8080")
	wrong(c.MaxConcurrency < 1, "MAX_CONCURRENCY is %d; it must be at least 1", c.MaxConcurrency)
	wrong(c.InvocationTimeout <= 0 || c.InvocationTimeout > time.Hour,
		"INVOCATION_TIMEOUT is %s; it must be above 0 and at most 1h, as on the endpoint", c.InvocationTimeout)
	wrong(c.DrainTimeout <= 0 || c.DrainTimeout > 27*time.Second,
		"DRAIN_TIMEOUT is %s; it must be above 0 and at most 27s: SageMaker kills the container after 30s, and stopping takes up to 3s more", c.DrainTimeout)
	wrong(c.PhotoCacheBytes < 0, "PHOTO_CACHE_BYTES is %d; it must not be negative", c.PhotoCacheBytes)
	wrong(c.PhotoMemoryBytes < 1, "PHOTO_MEMORY_BYTES is %d; it must be at least 1", c.PhotoMemoryBytes)
	wrong(c.PhotoTimeout <= 0, "PHOTO_TIMEOUT is %s; it must be above 0", c.PhotoTimeout)
	wrong(c.PricePerHour < 0, "INSTANCE_PRICE_USD_PER_HOUR is %g; it must not be negative", c.PricePerHour)
	wrong(c.PricePerHour > 0 && strings.TrimSpace(c.InstanceType) == "",
		"INSTANCE_PRICE_USD_PER_HOUR is set but INSTANCE_TYPE is not; set both or neither")
	if err := c.Limits.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("LIMITS: %w", err))
	}
	return errors.Join(problems...)
}
