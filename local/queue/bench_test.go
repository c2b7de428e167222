package queue_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"gen3d/local/queue"
)

var payload = make([]byte, 800) // about an S3 event

// BenchmarkEnqueueAlone measures a single producer, which waits for one commit
// per message.
func BenchmarkEnqueueAlone(b *testing.B) {
	_, q := open(b, filepath.Join(b.TempDir(), "q.db"), "bench")
	for b.Loop() {
		if _, err := q.Enqueue(payload, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEnqueueTogether measures 32 producers, which share commits.
func BenchmarkEnqueueTogether(b *testing.B) {
	_, q := open(b, filepath.Join(b.TempDir(), "q.db"), "bench")
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := q.Enqueue(payload, 0); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkPassThrough measures 16 producers and 16 consumers of a queue with a
// backlog of 10,000: an operation is a message stored, delivered and
// acknowledged.
func BenchmarkPassThrough(b *testing.B) {
	_, q := open(b, filepath.Join(b.TempDir(), "q.db"), "bench")
	fill := make(chan struct{}, 64)
	for range 10_000 {
		fill <- struct{}{}
		go func() {
			if _, err := q.Enqueue(payload, 0); err != nil {
				b.Error(err)
			}
			<-fill
		}()
	}
	for range cap(fill) {
		fill <- struct{}{}
	}
	b.ResetTimer()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan error, 1)
	go func() {
		done <- q.Consume(ctx, 16, func(l *queue.Lease) {
			if err := l.Ack(); err != nil {
				b.Error(err)
			}
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := q.Enqueue(payload, 0); err != nil {
				b.Error(err)
				return
			}
		}
	})
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(q.Len()), "backlog")
}
