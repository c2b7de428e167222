package server_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server"
)

func TestNextPhotoIsReadWhileTheBackendIsBusy(t *testing.T) {
	second := make(chan struct{}) // closed when the second photo has been read
	var photos atomic.Int32
	w := newWorld(t, func(s *setting) {
		s.transport = transport(func(r *http.Request) error {
			if isPhoto(r) && photos.Add(1) == 2 {
				close(second)
			}
			return nil
		})
	})
	first := make(chan struct{})
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		if w.backend.calls.Load() == 1 {
			close(first)
			select { // the first object waits until the second photo has been read
			case <-second:
			case <-time.After(timeout):
				t.Error("the second photo was not read while the first object was made")
			}
		}
		return instant(in), nil
	}
	one, two := w.job("cat.jpg"), w.job("coffee.jpg")
	done := make(chan job.Result, 2)
	go func() { done <- w.invoke(one, 1).result(t) }()
	<-first
	go func() { done <- w.invoke(two, 1).result(t) }()
	for range 2 {
		if result := <-done; result.Status != job.StatusSucceeded {
			t.Errorf("the result is %+v", result)
		}
	}
	if w.backend.worst.Load() != 1 {
		t.Errorf("the backend had %d objects at once", w.backend.worst.Load())
	}
}

func TestPhotoIDIsEqualForTheObjectsOfAPhoto(t *testing.T) {
	w := newWorld(t)
	var ids []string
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		ids = append(ids, in.PhotoID)
		return instant(in), nil
	}
	first, second := w.job("cat.jpg", nil, nil), w.job("coffee.jpg")
	for _, object := range []struct {
		job   *job.Manifest
		index int
	}{{first, 1}, {first, 2}, {second, 1}} {
		w.invoke(object.job, object.index).result(t)
	}
	if len(ids) != 3 || ids[0] == "" || ids[0] != ids[1] || ids[0] == ids[2] {
		t.Errorf("two objects of a photo and one of another have %q", ids)
	}
	if user := first.UserID; strings.Contains(ids[0], user) || strings.Contains(ids[0], "cat") {
		t.Errorf("%q names the user or the photo", ids[0])
	}
}

func TestFilesAreWrittenWhileTheBackendIsBusy(t *testing.T) {
	var hold atomic.Bool
	hold.Store(true)
	next := make(chan struct{}) // closed when the second object is in the backend
	w := newWorld(t, func(s *setting) {
		s.transport = transport(func(r *http.Request) error {
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/1/mesh.glb") && hold.Swap(false) {
				select {
				case <-next:
				case <-time.After(timeout):
					t.Error("the second object did not begin while the first one's files were written")
				}
			}
			return nil
		})
	})
	m := w.job("cat.jpg", nil, nil)
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		if in.Object.Index == 2 {
			close(next)
		}
		return instant(in), nil
	}
	done := make(chan job.Result, 2)
	go func() { done <- w.invoke(m, 1).result(t) }()
	w.eventually("the first object's upload", func() bool { return !hold.Load() })
	go func() { done <- w.invoke(m, 2).result(t) }()
	for range 2 {
		if result := <-done; result.Status != job.StatusSucceeded {
			t.Errorf("the result is %+v", result)
		}
	}
}

func TestConcurrentRequestsForOneObjectRunOnce(t *testing.T) {
	w := newWorld(t)
	begun, release := make(chan struct{}), make(chan struct{})
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		close(begun)
		<-release
		return instant(in), nil
	}
	m := w.job("cat.jpg")
	replies := make(chan reply, 2)
	go func() { replies <- w.invoke(m, 1) }()
	<-begun
	go func() { replies <- w.invoke(m, 1) }()
	close(release)
	one, two := <-replies, <-replies
	if one.result(t).Status != job.StatusSucceeded || !bytes.Equal(one.body, two.body) {
		t.Errorf("the answers differ:\n%s\n%s", one.body, two.body)
	}
	if w.backend.calls.Load() != 1 {
		t.Errorf("the backend worked %d times", w.backend.calls.Load())
	}
}

func TestRequestsAboveMaxConcurrencyGet503(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.MaxConcurrency = 2 })
	release := make(chan struct{})
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		<-release
		return instant(in), nil
	}
	m := w.job("cat.jpg", nil, nil, nil)
	done := make(chan job.Result, 2)
	for n := range 2 {
		go func() { done <- w.invoke(m, n+1).result(t) }()
	}
	for n := range 2 { // a request sent earlier would take the place of one of them
		w.eventually("both objects in progress", func() bool { return w.progress(m, n+1) != "" })
	}
	if r := w.post(t.Context(), nil, nil); r.status != http.StatusServiceUnavailable || r.code(t) != "at_capacity" || r.header.Get("Retry-After") == "" {
		t.Errorf("the third request is answered %d %v %s", r.status, r.header, r.body)
	}
	if r := w.get("/ping"); r.status != http.StatusOK {
		t.Errorf("a busy server does not answer its ping: %d", r.status)
	}
	close(release)
	<-done
	<-done
	if result := w.invoke(m, 3).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("after that: %+v", result)
	}
}

func TestInvocationTimeoutFailsTheObject(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.InvocationTimeout = 200 * time.Millisecond })
	w.backend.reconstruct = func(ctx context.Context, _ server.Input) (*server.Output, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	m := w.job("cat.jpg")
	r := w.invoke(m, 1)
	if result := r.result(t); result.Error == nil || result.Error.Code != job.CodeTimedOut {
		t.Errorf("the result is %s", r.body)
	}
	if !bytes.Equal(r.body, w.stored(m, 1)) {
		t.Error("the answer is not the stored document")
	}
	if r := w.get("/ping"); r.status != http.StatusOK {
		t.Errorf("the ping after that: %d %s", r.status, r.body)
	}
}

func TestInvocationTimeoutWhileReadingThePhoto(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.InvocationTimeout = 200 * time.Millisecond
		s.transport = transport(func(r *http.Request) error {
			if isPhoto(r) {
				<-r.Context().Done()
				return r.Context().Err()
			}
			return nil
		})
	})
	r := w.invoke(w.job("cat.jpg"), 1)
	if result := r.result(t); result.Error == nil || result.Error.Code != job.CodeTimedOut {
		t.Errorf("the result is %s", r.body)
	}
}

// timeOutInTheBackend invokes the server for one object after another, with more
// and more time, until one has timed out in the backend and not on its way to
// it. It returns that object's number.
func (w *world) timeOutInTheBackend(m *job.Manifest) int {
	w.t.Helper()
	for n := 1; ; n++ {
		w.server.SetInvocationTimeout(100 * time.Millisecond << n)
		if result := w.invoke(m, n).result(w.t); result.Error == nil || result.Error.Code != job.CodeTimedOut {
			w.t.Fatalf("object %d: %+v", n, result)
		}
		if w.backend.calls.Load() > 0 {
			return n
		}
	}
}

func TestPingFailsWhileTheBackendIsStuck(t *testing.T) {
	w := newWorld(t)
	w.server.SetBackendGrace(time.Millisecond)
	release := make(chan struct{})
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		<-release
		in.Stage(job.StageExport) // the server ignores it after the timeout
		return instant(in), nil
	}
	m := w.job("cat.jpg", make([]*job.Box, job.DefaultLimits().MaxObjects)...)
	n := w.timeOutInTheBackend(m)
	for range 2 { // the second never gets its turn
		if r := w.get("/ping"); r.status != http.StatusServiceUnavailable || r.code(t) != "backend_stuck" {
			t.Errorf("the ping after object %d: %d %s", n, r.status, r.body)
		}
		n++
		if result := w.invoke(m, n).result(t); result.Error == nil || result.Error.Code != job.CodeTimedOut {
			t.Errorf("object %d: %+v", n, result)
		}
	}
	w.server.SetInvocationTimeout(timeout)
	close(release)
	w.eventually("a good ping", func() bool { return w.get("/ping").status == http.StatusOK })
	if result := w.invoke(m, n+1).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the object after that: %+v", result)
	}
	if w.backend.worst.Load() != 1 {
		t.Errorf("the backend had %d objects at once", w.backend.worst.Load())
	}
}

func TestRequestCanceledBeforeTheBackendStartsIsDropped(t *testing.T) {
	reading := make(chan struct{}, 1)
	w := newWorld(t, func(s *setting) {
		s.transport = transport(func(r *http.Request) error {
			if isPhoto(r) {
				reading <- struct{}{}
				<-r.Context().Done()
				return r.Context().Err()
			}
			return nil
		})
	})
	m := w.job("cat.jpg")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reading; cancel() }()
	if _, err := w.tryPost(ctx, marshal(t, m), map[string]string{"X-Amzn-SageMaker-Custom-Attributes": "object=1"}); err == nil {
		t.Error("there was an answer")
	}
	w.eventually("the request's end", func() bool { return strings.Contains(w.logs.String(), "canceled by the client") })
	if w.stored(m, 1) != nil || w.backend.calls.Load() != 0 {
		t.Error("a canceled request was processed")
	}
}

func TestRequestCanceledLaterStillWritesItsResult(t *testing.T) {
	w := newWorld(t)
	begun, release := make(chan struct{}), make(chan struct{})
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		close(begun)
		<-release
		return instant(in), nil
	}
	m := w.job("cat.jpg")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := w.tryPost(ctx, marshal(t, m), map[string]string{"X-Amzn-SageMaker-Custom-Attributes": "object=1"}); err == nil {
		t.Error("there was an answer")
	}
	close(release)
	w.eventually("the result", func() bool { return w.stored(m, 1) != nil })
	if r := w.invoke(m, 1); r.result(t).Status != job.StatusSucceeded || w.backend.calls.Load() != 1 {
		t.Errorf("the repeat: %s", r.body)
	}
}

func TestManyConcurrentRequestsGetTheirOwnResults(t *testing.T) {
	const clients = 50
	w := newWorld(t, func(s *setting) { s.config.MaxConcurrency = clients })
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		if in.Object.Index == 3 {
			panic("object 3 is a bad one")
		}
		return instant(in), nil
	}
	jobs := make([]*job.Manifest, 8)
	for i := range jobs {
		jobs[i] = w.job([]string{"cat.jpg", "coffee.jpg", "cat.webp", "coins.png"}[i%4], nil, nil, nil, nil)
	}
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() { // some of them request the same object
			m, n := jobs[c%len(jobs)], c/len(jobs)%4+1
			r := w.invoke(m, n)
			result := r.result(t)
			want := job.StatusSucceeded
			if n == 3 {
				want = job.StatusFailed
			}
			if result.Status != want || result.Index != n {
				t.Errorf("object %d: %s", n, r.body)
			}
			for _, f := range result.Files {
				if !strings.HasPrefix(f.Key, m.Ref().OutputPrefix()) {
					t.Errorf("object %d of job %s has the file %s", n, m.JobID, f.Key)
				}
			}
			if !bytes.Equal(r.body, w.stored(m, n)) {
				t.Errorf("object %d: the answer is not the stored document", n)
			}
		})
	}
	all.Wait()
	if w.backend.worst.Load() != 1 || w.backend.calls.Load() != 32 {
		t.Errorf("the backend had %d objects at once, %d in all", w.backend.worst.Load(), w.backend.calls.Load())
	}
}
