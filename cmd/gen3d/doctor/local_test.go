package doctor_test

import (
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/doctor"
	"gen3d/local/functions"
	"gen3d/local/operations"
	"gen3d/tests/support/command"
	"gen3d/tests/support/s3test"
)

// machine is the operations of a service on this machine.
type machine struct {
	waiting int
	dead    []functions.DeadLetter
}

func (m *machine) Loads() []functions.Load                      { return nil }
func (m *machine) DeadLetters() ([]functions.DeadLetter, error) { return m.dead, nil }
func (m *machine) Backlog() (waiting, processing int)           { return m.waiting, 0 }
func (m *machine) Redrive(uint64) error                         { return functions.ErrNoDeadLetter }

func TestTheServiceOfThisMachine(t *testing.T) {
	m := &machine{}
	pages := operations.Pages{Functions: m, Endpoint: m, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(pages.Handler())
	t.Cleanup(server.Close)
	s3 := *s3test.Config().BaseEndpoint
	examine := func() (string, error) {
		result := command.Run(t, &struct {
			Doctor doctor.Command `cmd:""`
		}{}, "", "doctor", "--against", "local", "--url", server.URL, "--s3-url", s3)
		return result.Out, result.Failure
	}
	well := "ok   service: " + server.URL + " answers\nok   backlog: no request waits for the model\nok   unfinished jobs: none\nok   dead letters: none\n"
	if out, err := examine(); err != nil || out != well {
		t.Errorf("%v\n%s\nwant\n%s", err, out, well)
	}
	m.waiting, m.dead = 2, []functions.DeadLetter{{ID: 1}}
	out, err := examine()
	for _, line := range []string{
		"ok   backlog: 2 requests in the endpoint's queue or at work",
		"fix  dead letters: 1 event failed every retry; see why, and send them again: bin/gen3d redrive list --against local --url " + server.URL + " --s3-url " + s3,
	} {
		if err == nil || !slices.Contains(strings.Split(out, "\n"), line) {
			t.Errorf("%v, no line\n%s\nin\n%s", err, line, out)
		}
	}
	server.Close()
	if out, err := examine(); err == nil || !strings.HasPrefix(out, "fix  service: asking the service at ") || !strings.HasSuffix(out, ": make run\n") {
		t.Errorf("not running: %v\n%s", err, out)
	}
}
