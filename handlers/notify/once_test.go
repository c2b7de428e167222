package notify_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestMailsAreSentWhenEveryObjectHasAResult(t *testing.T) {
	s := newService(t)
	m := s.job("kitchen.jpg", "mug", "kettle")
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	if mails := s.mails(); len(mails) != 0 {
		t.Fatalf("%d mails went out before the second object had a result", len(mails))
	}
	s.succeed(m, 2)
	for _, event := range s.events(m) { // including the first one again
		s.mustRun(event)
	}
	s.bothMails()
	s.checkDone(m)
}

// A process can end before or after each of its calls. Lambda then runs the
// event again with the same request ID. What a call that only reads leaves behind
// is what a process leaves that ends before its next call, so the former is
// tested after writes only.
func TestCrashAtAnyCallLosesNoMail(t *testing.T) {
	s := newService(t)
	s.formats = []job.Format{job.FormatGLB, job.FormatSplat} // those of a scene
	var calls []*ending                                      // that ended before the call with their number
	for at := 1; ; at++ {
		process := &ending{at: at, before: true}
		s.cutOff(process)
		if process.calls < at {
			break
		}
		calls = append(calls, process)
	}
	if len(calls) < 15 {
		t.Fatalf("a run took %d calls; the test misses what it is for", len(calls))
	}
	for _, call := range calls {
		if call.writes {
			s.cutOff(&ending{at: call.at})
		}
	}
}

// cutOff runs the function for a job, in a process that can end, and then in
// another one.
func (s *service) cutOff(process *ending) {
	s.t.Helper()
	m := s.job("cat.jpg", "", "")
	s.place(m, 1)
	s.place(m, 2)
	event := s.last(m)
	earlier := s.counts()
	err := run(s.t, s.handler(process), "request-"+string(m.JobID), event)
	if process.calls < process.at {
		if err != nil {
			s.t.Fatalf("a run without a fault failed: %v", err)
		}
		return
	}
	if err == nil { // the job has ended, and only its times were to be recorded
		s.checkDone(m)
	}
	if err := run(s.t, s.handler(nil), "request-"+string(m.JobID), event); err != nil {
		s.t.Errorf("the run after one that was cut off %s: %v", process, err)
	}
	now := s.counts()
	for _, to := range []string{s.address(), admin} {
		most := 1
		if process.unrecorded == to {
			most = 2
		}
		if got := now[to] - earlier[to]; got < 1 || got > most {
			s.t.Errorf("%d mails went to %s after a run was cut off %s; want at most %d", got, to, process, most)
		}
	}
	s.checkDone(m)
	s.checkScene(m, 1, 2)
}

// A run for another event, unlike a repeat of the ended run's event, waits
// until the lease has expired.
func TestExpiredLeaseIsTakenOver(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	event := s.last(m)
	takeLease := job.Notice{Version: job.Version, Holder: "ended", LeasedAt: time.Now().UTC()}
	if _, err := s.bucket.CreateNotice(t.Context(), m.Ref(), takeLease); err != nil {
		t.Fatal(err)
	}
	if err := run(t, s.handler(nil), "request-2", event); err == nil {
		t.Error("a run that found another one's lease said that the event is done with")
	}
	if mails := s.mails(); len(mails) != 0 {
		t.Fatal("a run sent the mail while another run had the lease")
	}
	s.now = func() time.Time { return time.Now().Add(s.config.Lease() + time.Second) }
	s.mustRun(event)
	s.bothMails()
	s.checkDone(m)
}

func TestConcurrentEventsSendEachMailOnce(t *testing.T) {
	s := newService(t)
	s.waitTimeout = 10 * time.Minute
	m := s.job("shelf.jpg", make([]string, 16)...)
	for n := 1; n <= 16; n++ {
		s.succeed(m, n)
	}
	events := s.events(m)
	if len(events) != 16 {
		t.Fatalf("the bucket sent %d events", len(events))
	}
	h := s.handler(nil)
	var all sync.WaitGroup
	for i, event := range events {
		all.Go(func() {
			if err := run(t, h, fmt.Sprintf("request-%d", i), event); err != nil {
				t.Errorf("event %d: %v", i, err)
			}
		})
	}
	all.Wait()
	s.bothMails()
	s.checkDone(m)
}

// Lambda's queue can deliver an event twice; both deliveries have one request
// ID.
func TestConcurrentDeliveriesSendEachMailOnce(t *testing.T) {
	s := newService(t)
	s.waitTimeout = 10 * time.Minute
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	event := s.last(m)
	h := s.handler(nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := run(t, h, "request-1", event); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s.bothMails()
}

func TestEventOfSeveralRecordsSendsTheMailsOfEachJob(t *testing.T) {
	s := newService(t)
	var event struct{ Records []json.RawMessage }
	for _, name := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		m := s.job(name, "", "")
		s.succeed(m, 1)
		s.succeed(m, 2)
		for _, one := range s.events(m) {
			var part struct{ Records []json.RawMessage }
			if err := json.Unmarshal(one, &part); err != nil {
				t.Fatal(err)
			}
			event.Records = append(event.Records, part.Records...)
		}
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	s.mustRun(payload)
	if mails := s.mails(); len(mails) != 6 {
		t.Fatalf("%d mails went out for three jobs, each with its user and the admin", len(mails))
	}
}

func TestResultOfADeletedJobIsRemoved(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	if err := s.bucket.DeleteJob(t.Context(), m.Ref(), m.Source.Key); err != nil {
		t.Fatal(err)
	}
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	if mails := s.mails(); len(mails) != 0 {
		t.Errorf("%d mails went out", len(mails))
	}
	snapshot, err := s.bucket.Snapshot(t.Context(), m.Ref())
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshot.Results)+len(snapshot.Bytes) > 0 {
		t.Error("what the model server wrote for a deleted job is still there")
	}
}

// Extract notes its requests also of a job that is deleted meanwhile.
func TestRequestOfADeletedJobIsRemoved(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	if err := s.bucket.DeleteJob(t.Context(), m.Ref(), m.Source.Key); err != nil {
		t.Fatal(err)
	}
	if err := s.bucket.PutQueued(t.Context(), m.Ref(), job.Queued{Version: job.Version, Index: 1, QueuedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	s.mustRun(failureOf(t, "x", location(m), m.Ref().InferenceID(1), "Failed"))
	if left := s3test.Keys(t, m.Ref().OutputPrefix()); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// A run can take the lease over from one that ended between the two mails.
func TestTakeoverSendsOnlyTheRemainingMail(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	now := time.Now().UTC()
	stale := job.Notice{
		Version: job.Version, Holder: "ended", LeasedAt: now.Add(-s.config.Lease() - time.Second), User: &job.Delivery{SentAt: now},
		Summary: job.Summary{State: job.StateSucceeded, Total: 1, Succeeded: 1},
	}
	if _, err := s.bucket.CreateNotice(t.Context(), m.Ref(), stale); err != nil {
		t.Fatal(err)
	}
	s.mustRun(s.last(m))
	if to := s.onlyMail().To; !slices.Equal(to, []string{admin}) {
		t.Errorf("a mail went to %v after the user's was out", to)
	}
	s.checkDone(m)
}

// Notices of earlier versions hold one time, for the mail to both.
func TestNoticeOfAnEarlierVersionCountsAsSent(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	old := `{"version":1,"holder":"r","leasedAt":"2026-01-01T10:00:00Z","sentAt":"2026-01-01T10:00:01Z","summary":{"state":"succeeded","name":"cat.jpg","total":1,"succeeded":1,"failed":0}}`
	s3test.Put(t, m.Ref().NoticeKey(), "application/json", nil, []byte(old))
	s.mustRun(s.last(m))
	if mails := s.mails(); len(mails) != 0 {
		t.Errorf("%d mails went out again", len(mails))
	}
	s.checkDone(m)
}
