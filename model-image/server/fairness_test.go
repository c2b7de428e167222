package server_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/infra/settings"
	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/local/endpoint"
	"gen3d/tests/support/hostile"
	"gen3d/tests/support/s3test"
)

// concurrencies returns how many requests the endpoint has in a server at the
// same time, deployed and on one machine.
func concurrencies(t *testing.T) map[string]int {
	t.Helper()
	deployed, err := settings.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]int{"deployed": deployed.Model.MaxConcurrency, "one machine": endpoint.DefaultConcurrency}
}

// queue sends the requests for objects 1 to n of each job in order, concurrency
// at a time, as the endpoint does, and returns the jobs' results.
func (w *world) queue(concurrency int, jobs ...*job.Manifest) map[job.ID][]job.Result {
	type request struct {
		m *job.Manifest
		n int
	}
	requests := make(chan request)
	results := map[job.ID][]job.Result{}
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range concurrency {
		workers.Go(func() {
			for r := range requests {
				result := w.invoke(r.m, r.n).result(w.t)
				mu.Lock()
				results[r.m.JobID] = append(results[r.m.JobID], result)
				mu.Unlock()
			}
		})
	}
	for _, m := range jobs {
		for n := range m.Objects {
			requests <- request{m, n + 1}
		}
	}
	close(requests)
	workers.Wait()
	return results
}

// jobOfUser makes a job of another user than the world's.
func (w *world) jobOfUser(user, file string, boxes ...*job.Box) *job.Manifest {
	w.t.Helper()
	own := w.user
	defer func() { w.user = own }()
	w.user = user
	return w.job(file, boxes...)
}

// A request that waits for another photo would keep one of the few requests
// that the endpoint has in the server, and so the next user's out of it.
func TestNoRequestOfTheEndpointWaitsForAnotherPhoto(t *testing.T) {
	for name, concurrency := range concurrencies(t) {
		t.Run(name, func(t *testing.T) {
			slow := make(chan struct{}) // closed when the first user's photos may arrive
			arriving := make(chan struct{}, concurrency)
			first := s3test.User(t)
			w := newWorld(t, func(s *setting) {
				s.config.MaxConcurrency = concurrency
				s.transport = transport(func(r *http.Request) error {
					if isPhoto(r) && strings.Contains(r.URL.Path, "/"+first+"/") {
						arriving <- struct{}{}
						<-slow
					}
					return nil
				})
			})
			hold := sync.OnceFunc(func() { close(slow) })
			defer hold()
			results := make(chan job.Result, concurrency)
			send := func() {
				m := w.jobOfUser(first, "cat.jpg")
				go func() { results <- w.invoke(m, 1).result(t) }()
			}
			for range concurrency - 1 {
				send()
			}
			w.eventually("all of the first user's photos to be read", func() bool { return len(arriving) == concurrency-1 })
			if result := w.invoke(w.job("coffee.jpg"), 1).result(t); result.Status != job.StatusSucceeded {
				t.Errorf("the other user's result is %+v", result)
			}
			send()
			w.eventually("the last photo to be read", func() bool { return len(arriving) == concurrency })
			hold()
			for range concurrency {
				if result := <-results; result.Status != job.StatusSucceeded {
					t.Errorf("the first user's result is %+v", result)
				}
			}
		})
	}
}

// The objects of a photo that cannot be read cost other users the time of one
// attempt.
func TestUnreadablePhotoIsReadOnceForAllItsObjects(t *testing.T) {
	damaged := hostile.PNG(512, 512)
	copy(damaged[len(damaged)/2:], "damaged")
	for name, test := range map[string]struct {
		photo []byte
		stuck bool // until its time is over
		code  job.Code
		says  string
	}{
		"stuck":       {photo: hostile.PNG(512, 512), stuck: true, code: job.CodeTimedOut, says: "could not be read within 500ms"},
		"damaged":     {photo: damaged, code: job.CodeNotAnImage, says: "its data is damaged"},
		"slow decode": {photo: hostile.JPEG{Width: 7056, Height: 7056, Components: 3, Interleaved: true, Scans: 37, Refine: true}.Bytes(), code: job.CodeTimedOut, says: "could not be read within 500ms"},
	} {
		for composition, concurrency := range concurrencies(t) {
			t.Run(name+", "+composition, func(t *testing.T) {
				var reads atomic.Int32
				first := s3test.User(t)
				w := newWorld(t, func(s *setting) {
					s.config.MaxConcurrency = concurrency
					if test.code == job.CodeTimedOut {
						s.config.PhotoTimeout = 500 * time.Millisecond
					}
					s.transport = transport(func(r *http.Request) error {
						if !isPhoto(r) || !strings.Contains(r.URL.Path, "/"+first+"/") {
							return nil
						}
						reads.Add(1)
						if test.stuck {
							<-r.Context().Done()
							return r.Context().Err()
						}
						return nil
					})
				})
				other := w.user
				w.user = first
				bad := w.jobOf("bad.jpg", test.photo, make([]*job.Box, 16)...)
				w.user = other
				results := w.queue(concurrency, bad)
				for _, result := range results[bad.JobID] {
					if result.Error == nil || result.Error.Code != test.code || !strings.Contains(result.Error.Message, test.says) {
						t.Errorf("the result is %+v", result)
					}
				}
				if n := reads.Load(); n > 1 {
					t.Errorf("the photo was read %d times for %d objects", n, len(results[bad.JobID]))
				}
			})
		}
	}
}

// A photo that is gone is looked for again: it may be back, and that is cheap.
func TestMissingPhotoIsLookedForAgain(t *testing.T) {
	w := newWorld(t)
	m := w.job("cat.jpg", nil, nil)
	m.Source.VersionID = "" // as in a bucket without versions
	data, _ := s3test.Get(t, m.Source.Key)
	s3test.Delete(t, m.Source.Key)
	if result := w.invoke(m, 1).result(t); result.Error == nil || result.Error.Code != job.CodePhotoGone {
		t.Errorf("the result is %+v", result)
	}
	s3test.Put(t, m.Source.Key, "", nil, data)
	if result := w.invoke(m, 2).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the result is %+v", result)
	}
}

// The most expensive photo that is accepted, times the requests of the endpoint,
// fits into the memory for decoding: so none of them waits.
func TestPhotosOfAllRequestsFitIntoTheMemory(t *testing.T) {
	limits := job.DefaultLimits()
	data := hostile.JPEG{Width: 7056, Height: 7056, Components: 4, Interleaved: true, Scans: 1}.Bytes()
	info, err := photo.Probe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if pixels := int64(info.Width * info.Height); pixels > limits.MaxPixels || pixels < limits.MaxPixels*99/100 {
		t.Fatalf("the picture has %d pixels; the limit is %d", pixels, limits.MaxPixels)
	}
	for name, concurrency := range concurrencies(t) {
		if need := int64(concurrency) * info.Memory(); need > defaults(t).PhotoMemoryBytes {
			t.Errorf("%s: %d photos take %d MB", name, concurrency, need>>20)
		}
	}
}
