package modelserver_test

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/double"
	"gen3d/tests/support/s3test"
)

func TestModelErrorFailsOnlyItsObject(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, test := range []struct {
		name      string
		seed      uint32
		code      job.Code // of the failure; empty for success
		newWorker bool
	}{
		{"memory runs out at the lowest settings too", double.SeedMemory, job.CodeOutOfMemory, false},
		{"an error in the model", double.SeedRaises, job.CodeModelFailed, false},
		{"a library writes garbage wherever it can", double.SeedNoisy, "", false},
		{"the GPU is of no more use", double.SeedBroken, job.CodeModelFailed, true},
		{"the kernel kills the worker", double.SeedKilled, job.CodeModelFailed, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.workers())
			m := s.job("cat.jpg", 1, test.seed)
			result := s.process(m, 1)
			switch {
			case test.code == "":
				checkFiles(t, result)
			case result.Status != job.StatusFailed || result.Error == nil || result.Error.Code != test.code || result.Error.Message == "":
				t.Errorf("the result is %+v", result)
			}
			if next := s.process(s.job("cat.jpg", 1, 1), 1); next.Status != job.StatusSucceeded {
				t.Errorf("the next object: %+v", next.Error)
			}
			if after := len(s.workers()); (after > before) != test.newWorker {
				t.Errorf("%d workers were started before it, %d after", before, after)
			}
		})
	}
}

func TestExporterKilledInAnExportFailsOnlyItsObject(t *testing.T) {
	t.Parallel()
	// An object of 164,000 vertices is exported in seconds, in which the next one
	// is made.
	s := start(t, "DOUBLE_SUBDIVISIONS=7")
	m := s.job("cat.jpg", 3, 1)
	answers := []<-chan reply{s.ask(m, 1)}
	s.eventually("the export", func() bool {
		data, _ := s3test.Get(t, m.Ref().ProgressKey(1))
		return strings.Contains(string(data), `"export"`) && len(s.started("exporter started")) == 1
	})
	answers = append(answers, s.ask(m, 2))
	if err := syscall.Kill(s.started("exporter started")[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	answers = append(answers, s.ask(m, 3))
	for i, answer := range answers {
		var result job.Result
		if r := <-answer; json.Unmarshal(r.body, &result) != nil {
			t.Fatalf("object %d: %d %s", i+1, r.status, r.body)
		}
		failed := result.Error != nil && result.Error.Code == job.CodeExportFailed
		// The exporter may be killed before it begins with the object: then another one
		// takes it.
		if want := i == 0; failed && !want || !failed && result.Status != job.StatusSucceeded {
			t.Errorf("object %d: %+v", i+1, result.Error)
		}
	}
	if n := len(s.workers()); n != 1 {
		t.Errorf("%d workers have loaded the model", n)
	}
	if n := len(s.started("exporter started")); n != 2 {
		t.Errorf("%d exporters were started", n)
	}
}

func TestHangingObjectTimesOut(t *testing.T) {
	t.Parallel()
	s := start(t, "INVOCATION_TIMEOUT=20s")
	m := s.job("cat.jpg", 2, double.SeedHangs)
	if result := s.process(m, 1); result.Status != job.StatusFailed || result.Error == nil || result.Error.Code != job.CodeTimedOut {
		t.Errorf("the result is %+v", result)
	}
	s.eventually("a good ping", func() bool { return s.ping().status == http.StatusOK })
	late := 0 // further objects, on a machine under load
	s.eventually("the next object", func() bool {
		next := s.process(s.job("cat.jpg", 1, 1), 1)
		if next.Error != nil && next.Error.Code == job.CodeTimedOut {
			late++
		} else if next.Status != job.StatusSucceeded {
			t.Fatalf("the next object: %+v", next.Error)
		}
		return next.Status == job.StatusSucceeded
	})
	if len(s.workers()) != 2+late {
		t.Errorf("%d workers were started, after %d timeouts", len(s.workers()), 1+late)
	}
}

// reply is the response to an invocation.
type reply struct {
	status int
	body   []byte
}

// ask invokes the model without waiting for the response.
func (s *server) ask(m *job.Manifest, n int) <-chan reply {
	answer := make(chan reply, 1)
	go func() {
		status, body := s.invoke(m, n)
		answer <- reply{status, body}
	}()
	return answer
}

// gone reports whether a process has ended.
func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func (s *server) terminate() {
	s.t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	address := strings.TrimPrefix(s.url, "http://")
	s.eventually("a closed port", func() bool {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	})
}

func TestSIGTERMDrainsTheCurrentObject(t *testing.T) {
	t.Parallel()
	s := start(t, "DOUBLE_GPU_MS=2000")
	// The exporter starts with the first object. On a machine under load its start
	// alone may take the time that a stopping server has.
	if first := s.process(s.job("cat.jpg", 1, 1), 1); first.Status != job.StatusSucceeded {
		t.Fatalf("the first object: %+v", first.Error)
	}
	m := s.job("cat.jpg", 1, 1)
	answer := s.ask(m, 1)
	s.eventually("the object in the backend", func() bool {
		data, _ := s3test.Get(t, m.Ref().ProgressKey(1))
		return strings.Contains(string(data), `"reconstruct"`)
	})
	s.terminate()
	if r := <-answer; r.status != http.StatusOK || !strings.Contains(string(r.body), `"succeeded"`) {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("the program ended with %v", err)
	}
	for _, pid := range s.workers() {
		if !gone(pid) {
			t.Errorf("worker %d is still there", pid)
		}
	}
}

func TestSIGTERMAbortsAfterTheDrainTimeout(t *testing.T) {
	t.Parallel()
	s := start(t, "DRAIN_TIMEOUT=1s")
	m := s.job("cat.jpg", 1, double.SeedHangs)
	answer := s.ask(m, 1)
	s.eventually("the object in the backend", func() bool {
		data, _ := s3test.Get(t, m.Ref().ProgressKey(1))
		return strings.Contains(string(data), `"reconstruct"`)
	})
	s.terminate()
	r := <-answer
	var problem struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(r.body, &problem); err != nil || r.status != http.StatusServiceUnavailable || problem.Code != "draining" {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if _, ok := s3test.Get(t, m.Ref().ResultKey(1)); ok {
		t.Error("an object that was broken off has a result")
	}
	for _, pid := range s.workers() {
		if !gone(pid) {
			t.Errorf("worker %d is still there", pid)
		}
	}
}

func TestAServerThatIsKilledLeavesNoWorkerBehind(t *testing.T) {
	t.Parallel()
	s := start(t)
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	worker := s.workers()[0]
	for end := time.Now().Add(timeout); !gone(worker); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("worker %d is still there", worker)
		}
	}
}

func TestMissingModelFailsTheSetup(t *testing.T) {
	t.Parallel()
	s := launch(t, "WEIGHTS_DIRECTORY="+t.TempDir())
	s.eventually("a failed set-up", func() bool { return s.ping().Code == "setup_failed" })
	if p := s.ping(); p.status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "lacks") {
		t.Errorf("the ping is answered %+v", p)
	}
	if status, body := s.invoke(s.job("cat.jpg", 1, 1), 1); status != http.StatusServiceUnavailable {
		t.Errorf("an invocation is answered %d %s", status, body)
	}
	if len(s.workers()) != 1 {
		t.Errorf("%d workers were started", len(s.workers()))
	}
}
