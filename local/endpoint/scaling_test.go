package endpoint_test

import (
	"testing"
	"time"
)

// A queue waits without an instance; one that is asked for starts, and ends
// when it is idle.
func TestInstancesStartWhenAskedForAndEndWhenIdle(t *testing.T) {
	w := newWorld(t, model(t, ready, echo), func(w *world) { w.config.Start, w.config.Idle = 30*time.Second, time.Minute }).start()
	w.invoke("job-1", w.input("{}"))
	w.eventually("the request is taken from the queue", func() bool { _, processing := w.endpoint.Backlog(); return processing == 1 })
	if current, desired := w.endpoint.Instances(); current != 0 || desired != 0 {
		t.Fatalf("there are %d of %d instances", current, desired)
	}
	if !w.endpoint.Ask(1) {
		t.Fatal("the instance cannot be asked for")
	}
	if w.endpoint.Ask(0) {
		t.Error("a change is accepted while one is in progress")
	}
	select {
	case <-w.messages:
		t.Fatal("the request ended before the instance had started")
	default:
	}
	w.clock.advance(31 * time.Second)
	if _, _, o := w.next(); o.InferenceID != "job-1" {
		t.Errorf("the message is about %s", o.InferenceID)
	}
	w.eventually("an empty queue", func() bool { waiting, processing := w.endpoint.Backlog(); return waiting+processing == 0 })
	if current, _ := w.endpoint.Instances(); current != 1 {
		t.Error("the instance ended before it was idle for a minute")
	}
	w.clock.advance(time.Minute)
	w.eventually("no instance", func() bool { current, desired := w.endpoint.Instances(); return current == 0 && desired == 0 })
}

func TestAlarmStartsAnInstanceThatNobodyAskedFor(t *testing.T) {
	w := newWorld(t, model(t, ready, echo), func(w *world) { w.config.Start = time.Second }).start()
	w.invoke("job-1", w.input("{}"))
	w.eventually("the alarm", func() bool {
		w.clock.advance(10 * time.Second)
		current, _ := w.endpoint.Instances()
		return current == 1
	})
	w.next()
}

func TestRequestExpiresWithoutAnInstance(t *testing.T) {
	w := newWorld(t, model(t, ready, echo), func(w *world) { w.config.Start = 24 * time.Hour }).start()
	w.invoke("job-1", w.input("{}"))
	w.clock.advance(time.Hour)
	w.failure("job-1", "expired")
}
