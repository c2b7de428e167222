package server_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/image/draw"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/model-image/server"
	"gen3d/tests/support/s3test"
)

// memory is an S3 client that keeps objects in memory, to measure the server
// alone.
type memory struct {
	bucket.API
	mu      sync.Mutex
	objects map[string][]byte
}

func (m *memory) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.objects[*in.Key]
	if !ok {
		return nil, &types.NoSuchKey{}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(data)), ETag: aws.String(`"x"`)}, nil
}

func (m *memory) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	data, err := io.ReadAll(in.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[*in.Key] = data
	return &s3.PutObjectOutput{ETag: aws.String(`"x"`)}, err
}

// BenchmarkOverheadPerRequest measures the server's overhead for a request
// whose backend returns at once: with a store in memory, with the local object
// store, and for an object that already has a result.
func BenchmarkOverheadPerRequest(b *testing.B) {
	b.Run("store in memory", func(b *testing.B) {
		w := newWorld(b)
		store := &memory{objects: map[string][]byte{}}
		m := w.job("cat.jpg")
		data, _ := s3test.Get(b, m.Source.Key)
		store.objects[m.Source.Key] = data
		fresh, err := server.New(config(), server.Dependencies{
			S3: store, Backends: map[job.Backend]server.Backend{job.BackendRelief: w.backend}, Now: time.Now,
			Log: telemetry.NewLogger(io.Discard, slog.LevelInfo), Metrics: telemetry.NewMetrics(io.Discard, time.Now, nil),
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := fresh.SetUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		web := httptest.NewServer(fresh.Handler())
		defer web.Close()
		w.url = web.URL
		for b.Loop() {
			if r := w.invoke(m, 1); r.status != http.StatusOK {
				b.Fatalf("%d %s", r.status, r.body)
			}
			store.mu.Lock()
			delete(store.objects, m.Ref().ResultKey(1))
			store.mu.Unlock()
		}
	})
	b.Run("local store", func(b *testing.B) {
		w := newWorld(b)
		m := w.job("cat.jpg")
		for b.Loop() {
			if r := w.invoke(m, 1); r.status != http.StatusOK {
				b.Fatalf("%d %s", r.status, r.body)
			}
			b.StopTimer()
			s3test.Delete(b, m.Ref().ResultKey(1))
			b.StartTimer()
		}
	})
	b.Run("result found", func(b *testing.B) {
		w := newWorld(b)
		m := w.job("cat.jpg")
		w.invoke(m, 1)
		for b.Loop() {
			if r := w.invoke(m, 1); r.status != http.StatusOK {
				b.Fatalf("%d %s", r.status, r.body)
			}
		}
	})
}

// BenchmarkFiveObjectsOfATwelveMegapixelPhoto measures the relief backend from
// the first request to the last result.
func BenchmarkFiveObjectsOfATwelveMegapixelPhoto(b *testing.B) {
	w := newWorld(b, func(s *setting) { s.backends = server.Backends() })
	photo := enlarge(b, "coffee.jpg", 4000, 3000)
	for b.Loop() {
		m := w.jobOf("photo.jpg", photo,
			&job.Box{900, 300, 3100, 2700}, &job.Box{1000, 400, 2000, 1400}, &job.Box{1500, 900, 2900, 2500},
			&job.Box{200, 1800, 1200, 2900}, &job.Box{2600, 200, 3900, 1500})
		var all sync.WaitGroup
		for n := range 5 {
			all.Go(func() {
				if r := w.invoke(m, n+1); r.status != http.StatusOK {
					b.Errorf("%d %s", r.status, r.body)
				}
			})
		}
		all.Wait()
	}
}

func enlarge(b *testing.B, file string, width, height int) []byte {
	b.Helper()
	f, err := os.Open(s3test.Path("testdata/photos/" + file))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	small, err := jpeg.Decode(f)
	if err != nil {
		b.Fatal(err)
	}
	large := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.ApproxBiLinear.Scale(large, large.Rect, small, small.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, large, nil); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}
