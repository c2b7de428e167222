package functions_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"

	"gen3d/local/functions"
)

// BenchmarkInvokeAsync measures an invocation of an empty handler: stored, run
// and settled, with 16 callers and a concurrency of 16.
func BenchmarkInvokeAsync(b *testing.B) {
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	r := start(b, functions.Function{Name: "f", Concurrency: 16, Handler: handler(func(context.Context, []byte) ([]byte, error) {
		if left.Add(-1) == 0 {
			close(done)
		}
		return nil, nil
	})})
	payload, err := json.Marshal(map[string]string{"event": strings.Repeat("x", 800)})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := r.InvokeAsync("f", payload); err != nil {
				b.Error(err)
				return
			}
		}
	})
	<-done
}

// BenchmarkInvokeAsyncAlone measures one event in an idle runner, from
// enqueueing to the handler's start.
func BenchmarkInvokeAsyncAlone(b *testing.B) {
	ran := make(chan struct{})
	r := start(b, functions.Function{Name: "f", Handler: handler(func(context.Context, []byte) ([]byte, error) {
		ran <- struct{}{}
		return nil, nil
	})})
	for b.Loop() {
		if err := r.InvokeAsync("f", []byte("{}")); err != nil {
			b.Fatal(err)
		}
		<-ran
	}
}
