package infra

import (
	"gen3d/infra/settings"
	"gen3d/internal/weights"
)

// Config and the types beside it are a stack's settings, which package settings
// reads.
type (
	Config      = settings.Config
	Model       = settings.Model
	Autoscaling = settings.Autoscaling
	Email       = settings.Email
	Website     = settings.Website
	Auth        = settings.Auth
	Notebook    = settings.Notebook
	Retention   = settings.Retention
	Instance    = settings.Instance
	Environment = settings.Environment
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
