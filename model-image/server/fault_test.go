package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func marshal(t testing.TB, m *job.Manifest) []byte {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// callsOfAnObject is the number of S3 calls for an object: a lookup of its
// result, progress, photo, thumbnail, the chosen files and the preview, result.
// Slower stages write more progress.
var callsOfAnObject = int32(len(job.AllFormats) + 6)

// faulty fails the calls from first to last, counted from 1.
type faulty struct {
	calls       atomic.Int32
	first, last int32
}

func (f *faulty) fail(*http.Request) error {
	if n := f.calls.Add(1); n >= f.first && n <= f.last {
		return errors.New("connection reset by peer")
	}
	return nil
}

func TestS3ErrorsLoseNoObject(t *testing.T) {
	for first := int32(1); first <= callsOfAnObject; first++ {
		for name, faults := range map[string]*faulty{
			fmt.Sprintf("call %d fails", first):             {first: first, last: first},
			fmt.Sprintf("all calls from %d on fail", first): {first: first, last: 1000},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, func(s *setting) { s.transport = transport(faults.fail) })
				m := w.job("cat.webp")
				r := w.invoke(m, 1)
				stored := w.stored(m, 1)
				switch r.status {
				case http.StatusOK: // a succeeded or failed outcome is written
					if !bytes.Equal(r.body, stored) {
						t.Errorf("the answer is not the stored document:\n%s\n%s", r.body, stored)
					}
				case http.StatusInternalServerError: // the endpoint reports it
					if r.code(t) != "result_not_written" || bytes.Contains(r.body, []byte("reset by peer")) {
						t.Errorf("the answer is %s", r.body)
					}
					if stored != nil {
						t.Errorf("a result was written: %s", stored)
					}
				default:
					t.Errorf("the answer is %d %s", r.status, r.body)
				}
				faults.last = 0 // S3 works again; the endpoint repeats the request
				again := w.invoke(m, 1)
				again.result(t)
				if !bytes.Equal(again.body, w.stored(m, 1)) || stored != nil && !bytes.Equal(again.body, stored) {
					t.Errorf("the repeat answers %s", again.body)
				}
			})
		}
	}
}

// fullStore answers writes as the local object store does when the disk is
// full.
type fullStore struct{ full atomic.Bool }

func (f *fullStore) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || !f.full.Load() || strings.HasSuffix(r.URL.Path, ".started.json") {
		return s3test.Transport.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>InsufficientStorage</Code><Message>The disk is full.</Message></Error>`
	return &http.Response{
		StatusCode: http.StatusInsufficientStorage, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func TestFullStorageWritesNoResult(t *testing.T) {
	store := new(fullStore)
	store.full.Store(true)
	w := newWorld(t, func(s *setting) { s.transport = store })
	m := w.job("cat.jpg")
	if r := w.invoke(m, 1); r.status != http.StatusInsufficientStorage || r.code(t) != "storage_full" {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
	if stored := w.stored(m, 1); stored != nil {
		t.Errorf("a result was written: %s", stored)
	}
	store.full.Store(false)
	if result := w.invoke(m, 1).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the repeat ends with %+v", result)
	}
}

func TestProgressWriteErrorsAreIgnored(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.transport = transport(func(r *http.Request) error {
			if r.Method == http.MethodPut && bytes.HasSuffix([]byte(r.URL.Path), []byte(".started.json")) {
				return errors.New("connection reset by peer")
			}
			return nil
		})
	})
	if result := w.invoke(w.job("cat.jpg"), 1).result(t); result.Status != job.StatusSucceeded {
		t.Errorf("the result is %+v", result)
	}
}
