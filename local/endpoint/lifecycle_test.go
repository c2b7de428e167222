package endpoint_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/google/uuid"
)

// drop resets the connection, as if the container exited.
func drop(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = connection.(*net.TCPConn).SetLinger(0)
	_ = connection.Close()
}

// hang does not respond; it returns when the client has disconnected, which
// Go's server detects once the body is read.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestRequestWaitsUntilTheContainerIsReady(t *testing.T) {
	var pings atomic.Int32
	var isReady atomic.Bool
	w := newWorld(t, model(t, func(w http.ResponseWriter, _ *http.Request) {
		pings.Add(1)
		if !isReady.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}, echo)).start()
	w.invoke("job-1", w.input("{}"))
	w.eventually("a few pings", func() bool { return pings.Load() > 3 })
	if len(w.messages) != 0 {
		t.Fatal("the request ended before the container was ready")
	}
	if waiting, processing := w.endpoint.Backlog(); waiting+processing != 1 {
		t.Errorf("the backlog is %d+%d", waiting, processing)
	}
	isReady.Store(true)
	if topic, _, _ := w.next(); topic != successTopic {
		t.Errorf("the message went to %s", topic)
	}
}

func TestRequestExpiresWithoutAReadyContainer(t *testing.T) {
	var asked atomic.Bool
	w := newWorld(t, model(t,
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		func(http.ResponseWriter, *http.Request) { asked.Store(true) })).start()
	for i := range 6 { // more than there are workers
		w.invoke(fmt.Sprintf("job-%d", i+1), w.input("{}"), func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.RequestTTLSeconds = aws.Int32(60) })
	}
	w.invoke("longer", w.input("{}"))
	w.clock.advance(61 * time.Second)
	ended := map[string]bool{}
	for range 6 {
		topic, _, o := w.next()
		if topic != errorTopic || o.InvocationStatus != "Failed" || o.FailureReason != "ClientError: The request expired: it was in the queue longer than its RequestTTLSeconds of 60." {
			t.Errorf("the message to %s says %s: %s", topic, o.InvocationStatus, o.FailureReason)
		}
		ended[o.InferenceID] = true
	}
	if len(ended) != 6 || ended["longer"] || asked.Load() {
		t.Errorf("ended: %v; the model was asked: %t", ended, asked.Load())
	}
}

func TestInvocationTimeoutFailsTheRequest(t *testing.T) {
	w := newWorld(t, model(t, ready, hang)).start()
	w.invoke("job-1", w.input("{}"), func(in *sagemakerruntime.InvokeEndpointAsyncInput) { in.InvocationTimeoutSeconds = aws.Int32(1) })
	w.failure("job-1", "Your invocation timed out while waiting for a response from container primary.")
}

func TestDroppedConnectionIsRetried(t *testing.T) {
	var calls atomic.Int32
	w := newWorld(t, model(t, ready, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) < 3 {
			drop(w, r)
			return
		}
		echo(w, r)
	})).start()
	w.invoke("job-1", w.input("{}"))
	if topic, _, o := w.next(); topic != successTopic {
		t.Errorf("the message to %s says %s", topic, o.FailureReason)
	}
	if calls.Load() != 3 {
		t.Errorf("the container was called %d times", calls.Load())
	}
}

func TestThreeDroppedConnectionsFailTheRequest(t *testing.T) {
	var calls atomic.Int32
	w := newWorld(t, model(t, ready, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		drop(w, r)
	})).start()
	w.invoke("job-1", w.input("{}"))
	w.failure("job-1", "as the model process exited")
	if calls.Load() != 3 {
		t.Errorf("the container was called %d times", calls.Load())
	}
}

func TestFailureWhilePausedIsRedelivered(t *testing.T) {
	var paused atomic.Bool
	var calls atomic.Int32
	w := newWorld(t, model(t, ready, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 { // as a disk that fills up meanwhile
			paused.Store(true)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		echo(w, r)
	}), func(w *world) { w.deps.Paused = paused.Load }).start()
	w.invoke("job-1", w.input("{}"))
	w.eventually("the failed request is postponed", func() bool {
		waiting, processing := w.endpoint.Backlog()
		return paused.Load() && waiting == 1 && processing == 0
	})
	if len(w.messages) != 0 {
		t.Fatal("the request ended while all work is paused")
	}
	paused.Store(false)
	if topic, _, _ := w.next(); topic != successTopic || calls.Load() != 2 {
		t.Errorf("after %d calls the message went to %s", calls.Load(), topic)
	}
}

func TestInsufficientStorageIsRedelivered(t *testing.T) {
	var calls atomic.Int32
	w := newWorld(t, model(t, ready, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) <= 4 { // more than Attempts
			w.WriteHeader(http.StatusInsufficientStorage)
			return
		}
		echo(w, r)
	})).start()
	w.invoke("job-1", w.input("{}"))
	if topic, _, _ := w.next(); topic != successTopic || calls.Load() != 5 {
		t.Errorf("after %d calls the message went to %s", calls.Load(), topic)
	}
}

func TestRequestWaitsForAnUnreachableContainer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close()
	w := newWorld(t, "http://"+addr).start()
	w.invoke("job-1", w.input("{}"))
	w.eventually("a worker on the request", func() bool { _, processing := w.endpoint.Backlog(); return processing == 1 })
	listener, err = net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", ready)
	mux.HandleFunc("POST /invocations", echo)
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	if topic, _, _ := w.next(); topic != successTopic {
		t.Errorf("the message went to %s", topic)
	}
}

func TestRequestsSurviveARestart(t *testing.T) {
	started := make(chan struct{}, 100)
	var first atomic.Bool
	first.Store(true)
	w := newWorld(t, model(t, ready, func(w http.ResponseWriter, r *http.Request) {
		if first.Load() { // the process ends during the request
			started <- struct{}{}
			hang(w, r)
			return
		}
		echo(w, r)
	}), func(w *world) { w.config.Concurrency = 2 })
	w.start()
	want := map[string]bool{}
	for range 10 {
		id := uuid.NewString()
		want[id] = true
		w.invoke(id, w.input("{}"))
	}
	<-started
	<-started
	w.close()
	if len(w.messages) != 0 {
		t.Fatal("a canceled request has ended")
	}
	first.Store(false)
	w.open()
	w.start()
	for range 10 {
		topic, _, o := w.next()
		if topic != successTopic || !want[o.InferenceID] {
			t.Errorf("the message to %s is about %s", topic, o.InferenceID)
		}
		delete(want, o.InferenceID)
	}
	if len(want) != 0 {
		t.Errorf("lost: %v", want)
	}
}

func TestConcurrencyIsLimited(t *testing.T) {
	var now, most atomic.Int32
	gate := make(chan struct{})
	w := newWorld(t, model(t, ready, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-gate
		now.Add(-1)
		echo(w, r)
	}), func(w *world) { w.config.Concurrency = 3 }).start()
	for i := range 9 {
		w.invoke(fmt.Sprintf("job-%d", i), w.input("{}"))
	}
	w.eventually("three at once", func() bool { return now.Load() == 3 })
	if waiting, processing := w.endpoint.Backlog(); waiting != 6 || processing != 3 {
		t.Errorf("the backlog is %d waiting and %d processing", waiting, processing)
	}
	close(gate)
	for range 9 {
		w.next()
	}
	if most.Load() != 3 {
		t.Errorf("the container had %d requests at once", most.Load())
	}
}
