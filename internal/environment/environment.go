// Package environment reads a program's configuration from environment
// variables at its start. The error names every variable that is missing or
// invalid, not only the first.
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

// Read fills a configuration from the process's environment and checks it. A
// field of type [job.Limits] is read as JSON over the default limits.
func Read[C Config]() (C, error) { return parse[C](env.Options{}) }

// From is [Read] with the given variables in place of the process's
// environment: a variable that is not in the map has its default.
func From[C Config](variables map[string]string) (C, error) {
	if variables == nil {
		variables = map[string]string{} // env reads the process's for nil
	}
	return parse[C](env.Options{Environment: variables})
}

func parse[C Config](options env.Options) (C, error) {
	options.FuncMap = map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[job.Limits](): func(text string) (any, error) { return job.ParseLimits(text) },
	}
	config, err := env.ParseAsWithOptions[C](options)
	if err != nil {
		var many env.AggregateError
		if errors.As(err, &many) {
			err = errors.Join(many.Errors...)
		}
		err = fmt.Errorf("reading the environment: %w", err)
	}
	return config, errors.Join(err, config.Validate())
}
