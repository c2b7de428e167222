package server_test

import (
	"strings"
	"testing"
	"time"

	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/model-image/server"
)

// setEnvironment sets the given variables and unsets all others of the server.
func setEnvironment(t *testing.T, values map[string]string) {
	t.Helper()
	for _, name := range []string{
		"GEN3D_BACKEND", "DATA_BUCKET", "STACK", "LISTEN_ADDRESS", "MAX_CONCURRENCY", "INVOCATION_TIMEOUT", "DRAIN_TIMEOUT",
		"PHOTO_CACHE_BYTES", "PHOTO_MEMORY_BYTES", "PHOTO_TIMEOUT", "INSTANCE_TYPE", "INSTANCE_PRICE_USD_PER_HOUR", "LIMITS", "LOG_LEVEL",
	} {
		value, ok := values[name]
		t.Setenv(name, value)
		if !ok {
			unset(t, name)
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	setEnvironment(t, map[string]string{"GEN3D_BACKEND": "relief", "DATA_BUCKET": "data", "LIMITS": `{"maxPixels":1000000}`})
	c, err := environment.Read[server.Config]()
	if err != nil {
		t.Fatal(err)
	}
	if c.Backend != job.BackendRelief || c.Bucket != "data" || c.Address != ":8080" || c.MaxConcurrency < 4 ||
		c.InvocationTimeout != 14*time.Minute || c.Limits.MaxPixels != 1_000_000 || c.Limits.MaxBytes != job.DefaultLimits().MaxBytes {
		t.Errorf("the configuration is %+v", c)
	}
}

func TestConfigErrorsAreJoined(t *testing.T) {
	setEnvironment(t, map[string]string{
		"GEN3D_BACKEND": "SAM", "MAX_CONCURRENCY": "0", "INVOCATION_TIMEOUT": "2h", "DRAIN_TIMEOUT": "28s",
		"INSTANCE_PRICE_USD_PER_HOUR": "1.5", "LIMITS": `{"maxBytes":0}`, "PHOTO_CACHE_BYTES": "-1", "PHOTO_MEMORY_BYTES": "0", "PHOTO_TIMEOUT": "-1s",
	})
	_, err := environment.Read[server.Config]()
	if err == nil {
		t.Fatal("the configuration was accepted")
	}
	for _, name := range []string{
		"GEN3D_BACKEND", "DATA_BUCKET", "MAX_CONCURRENCY", "INVOCATION_TIMEOUT", "DRAIN_TIMEOUT", "INSTANCE_TYPE", "LIMITS", "PHOTO_CACHE_BYTES", "PHOTO_MEMORY_BYTES", "PHOTO_TIMEOUT",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s:\n%v", name, err)
		}
	}
}

func TestConfigParseErrorsAreJoined(t *testing.T) {
	setEnvironment(t, map[string]string{"GEN3D_BACKEND": "relief", "DATA_BUCKET": "data", "MAX_CONCURRENCY": "many", "INVOCATION_TIMEOUT": "soon"})
	_, err := environment.Read[server.Config]()
	if err == nil || !strings.Contains(err.Error(), "MaxConcurrency") || !strings.Contains(err.Error(), "InvocationTimeout") {
		t.Errorf("the error is %v", err)
	}
}

// defaults returns the configuration of a server with no optional variable.
func defaults(t *testing.T) server.Config {
	t.Helper()
	setEnvironment(t, map[string]string{"GEN3D_BACKEND": "relief", "DATA_BUCKET": "data"})
	c, err := environment.Read[server.Config]()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
