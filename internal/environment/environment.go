// Package environment reads a program's configuration from its environment
// variables, at its start, and tells of every problem at once: whoever deploys
// it wants one list and not one surprise after another.
package environment

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/caarlos0/env/v11"

	"gen3d/internal/job"
)

// Config is a struct with env tags that can check itself. Validate joins every
// problem into one error.
type Config interface{ Validate() error }

// Read fills a configuration from the environment and checks it. A field of
// type [job.Limits] is read as JSON over the default limits.
func Read[C Config]() (C, error) {
	config, err := env.ParseAsWithOptions[C](env.Options{FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[job.Limits](): func(text string) (any, error) { return job.ParseLimits(text) },
	}})
	if err != nil {
		var many env.AggregateError
		if errors.As(err, &many) {
			err = errors.Join(many.Errors...)
		}
		err = fmt.Errorf("reading the environment: %w", err)
	}
	return config, errors.Join(err, config.Validate())
}
