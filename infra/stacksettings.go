package infra

import (
	"gen3d/infra/settings"
	"gen3d/internal/weights"
)

// The settings of a stack, by the names that this package uses most.
type (
	// Config is [settings.Config].
	Config = settings.Config
	// Model is [settings.Model].
	Model = settings.Model
	// Autoscaling is [settings.Autoscaling].
	Autoscaling = settings.Autoscaling
	// Email is [settings.Email].
	Email = settings.Email
	// Website is [settings.Website].
	Website = settings.Website
	// Auth is [settings.Auth].
	Auth = settings.Auth
	// Notebook is [settings.Notebook].
	Notebook = settings.Notebook
	// Retention is [settings.Retention].
	Retention = settings.Retention
	// Instance is [settings.Instance].
	Instance = settings.Instance
	// Environment is [settings.Environment].
	Environment = settings.Environment
	// ConfigError is [settings.ConfigError].
	ConfigError = settings.ConfigError
)

// Names of the keys in a stack's settings.
const (
	Namespace = settings.Namespace
	TokenKey  = settings.TokenKey
)

// Prefixes of the model bucket.
const (
	// WeightsPrefix is the prefix of the model's weights, which gen3d weights
	// writes.
	WeightsPrefix = weights.Prefix
	// asyncOutputPrefix and asyncFailurePrefix are the prefixes of the
	// asynchronous endpoint's outputs. They are not in the data bucket, whose
	// events run functions.
	asyncOutputPrefix  = "async/output/"
	asyncFailurePrefix = "async/failure/"
)
