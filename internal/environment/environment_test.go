package environment_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gen3d/internal/environment"
	"gen3d/internal/job"
)

type config struct {
	Bucket string        `env:"DATA_BUCKET"`
	Wait   time.Duration `env:"WAIT" envDefault:"5s"`
	Count  int           `env:"COUNT" envDefault:"3"`
	Limits job.Limits    `env:"LIMITS" envDefault:"{}"`
}

func (c config) Validate() error {
	if c.Bucket == "" {
		return errors.New("DATA_BUCKET is not set")
	}
	return nil
}

func TestVariablesFillTheConfigurationOverItsDefaults(t *testing.T) {
	t.Setenv("DATA_BUCKET", "photos")
	t.Setenv("LIMITS", `{"maxObjects":4}`)
	c, err := environment.Read[config]()
	want := job.DefaultLimits()
	want.MaxObjects = 4
	if err != nil || c.Bucket != "photos" || c.Wait != 5*time.Second || c.Count != 3 || c.Limits != want {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestEveryVariableThatCannotBeReadIsNamedAtOnce(t *testing.T) {
	t.Setenv("DATA_BUCKET", "photos")
	t.Setenv("WAIT", "soon")
	t.Setenv("COUNT", "few")
	t.Setenv("LIMITS", `{"maxThings":4}`)
	_, err := environment.Read[config]()
	for _, name := range []string{"Wait", "Count", "maxThings"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestConfigurationChecksItself(t *testing.T) {
	t.Setenv("DATA_BUCKET", "")
	if _, err := environment.Read[config](); err == nil || err.Error() != "DATA_BUCKET is not set" {
		t.Errorf("error %v", err)
	}
}
