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

func TestReadSetsVariablesOverDefaults(t *testing.T) {
	t.Setenv("DATA_BUCKET", "photos")
	t.Setenv("LIMITS", `{"maxObjects":4}`)
	c, err := environment.Read[config]()
	want := job.DefaultLimits()
	want.MaxObjects = 4
	if err != nil || c.Bucket != "photos" || c.Wait != 5*time.Second || c.Count != 3 || c.Limits != want {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestErrorNamesEveryUnreadableVariable(t *testing.T) {
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

func TestReadValidatesTheConfiguration(t *testing.T) {
	t.Setenv("DATA_BUCKET", "")
	if _, err := environment.Read[config](); err == nil || err.Error() != "DATA_BUCKET is not set" {
		t.Errorf("error %v", err)
	}
}

func TestFromReadsOnlyTheGivenVariables(t *testing.T) {
	t.Setenv("DATA_BUCKET", "photos")
	t.Setenv("COUNT", "7")
	c, err := environment.From[config](map[string]string{"DATA_BUCKET": "pictures", "WAIT": "1m"})
	want := config{Bucket: "pictures", Wait: time.Minute, Count: 3, Limits: job.DefaultLimits()}
	if err != nil || c != want {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := environment.From[config](nil); err == nil || err.Error() != "DATA_BUCKET is not set" {
		t.Errorf("error without variables %v", err)
	}
}
