package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server"
	"gen3d/tests/support/s3test"
)

func TestReliefReconstructsAnObject(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.backends = server.Backends()
		s.config.InstanceType, s.config.PricePerHour = "ml.g6e.xlarge", 2.6
	})
	m := w.job("coffee-orientation-6.jpg", &job.Box{150, 40, 460, 360})
	r := w.invoke(m, 1)
	result := r.result(t)
	if result.Status != job.StatusSucceeded || result.Index != 1 || result.Backend != job.BackendRelief || result.Error != nil {
		t.Fatalf("the result is %s", r.body)
	}
	if result.Mesh == nil || result.Mesh.Vertices < 100 || result.Mesh.Faces < 100 || result.Pose == nil || result.FinishedAt.IsZero() {
		t.Errorf("the mesh is %s", r.body)
	}
	if result.Cost == nil || result.Cost.USD <= 0 || result.Cost.Seconds <= 0 || result.Cost.InstanceType != "ml.g6e.xlarge" {
		t.Errorf("the cost is %+v", result.Cost)
	}
	for _, stage := range []string{"fetch", "mask", "reconstruct", "export", "total"} {
		if _, ok := result.Timing[stage]; !ok {
			t.Errorf("the timing has no %s: %v", stage, result.Timing)
		}
	}
	if !bytes.Equal(r.body, w.stored(m, 1)) {
		t.Errorf("the answer is not the stored document:\n%s\n%s", r.body, w.stored(m, 1))
	}
	var formats []job.Format
	for _, f := range result.Files {
		formats = append(formats, f.Format)
		data, ok := s3test.Get(t, f.Key)
		sum := sha256.Sum256(data)
		if !ok || int64(len(data)) != f.Bytes || hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("%s is not in the bucket as described", f.Key)
		}
	}
	if !slices.Equal(formats, job.Made(job.AllFormats)) {
		t.Errorf("the formats are %v", formats)
	}
	progress := s3test.Document[job.Progress](t, m.Ref().ProgressKey(1))
	if progress.Index != 1 || progress.Backend != job.BackendRelief || progress.Stage == "" || progress.StartedAt.IsZero() {
		t.Errorf("the progress is %+v", progress)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(w.metrics.String()), &line); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ObjectsSucceeded", "ObjectsFailed", "InFlight", "QueueWaitMs", "FetchMs", "MaskMs", "ReconstructMs", "ExportMs", "TotalMs", "CostUSD"} {
		if _, ok := line[name].(float64); !ok {
			t.Errorf("there is no metric %s: %v", name, line)
		}
	}
}

func TestReliefUsesAlphaAndWritesOnlyRequestedFormats(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.backends = server.Backends() })
	m := w.job("cat-cutout.png")
	m.Options = job.Options{Seed: 7, Formats: []job.Format{job.FormatPLY}}
	result := w.invoke(m, 1).result(t)
	if result.Status != job.StatusSucceeded || !slices.Equal(formatsOf(result), []job.Format{job.FormatPLY, job.FormatPreview, job.FormatMask}) || result.Mask.Source != job.MaskAlpha {
		t.Errorf("the result is %+v", result)
	}
	if result.Cost != nil {
		t.Errorf("an instance without a price has the cost %+v", result.Cost)
	}
}

func formatsOf(result job.Result) (formats []job.Format) {
	for _, f := range result.Files {
		formats = append(formats, f.Format)
	}
	return formats
}

func TestRepeatedRequestReturnsTheStoredResult(t *testing.T) {
	w := newWorld(t)
	m := w.job("cat.jpg")
	first := w.invoke(m, 1)
	first.result(t)
	second := w.invoke(m, 1)
	if !bytes.Equal(first.body, second.body) || !bytes.Equal(first.body, w.stored(m, 1)) {
		t.Errorf("the answers differ:\n%s\n%s\n%s", first.body, second.body, w.stored(m, 1))
	}
	if w.backend.calls.Load() != 1 {
		t.Errorf("the backend worked %d times", w.backend.calls.Load())
	}
}

func TestPhotoErrorsAreFailedResults(t *testing.T) {
	cut := func(t *testing.T, w *world) *job.Manifest {
		data, ok := s3test.Get(t, w.job("cat-cutout.png").Source.Key)
		if !ok {
			t.Fatal("the photo is gone")
		}
		return w.jobOf("cut.png", data[:len(data)/2])
	}
	for name, test := range map[string]struct {
		job   func(*testing.T, *world) *job.Manifest
		codes []job.Code
	}{
		"photo deleted": {func(t *testing.T, w *world) *job.Manifest {
			m := w.job("cat.jpg")
			s3test.Delete(t, m.Source.Key)
			return m
		}, []job.Code{job.CodePhotoGone}},
		"photo replaced by a longer one": {func(_ *testing.T, w *world) *job.Manifest {
			m := w.job("cat.jpg")
			m.Source.VersionID, m.Source.Bytes = "", m.Source.Bytes-1
			return m
		}, []job.Code{job.CodePhotoGone}},
		"photo replaced by a wider one": {func(_ *testing.T, w *world) *job.Manifest {
			m := w.job("cat.jpg")
			m.Source.Width--
			return m
		}, []job.Code{job.CodePhotoGone}},
		"photo cut off": {cut, []job.Code{job.CodeTruncated, job.CodeNotAnImage}},
		"not an image": {func(_ *testing.T, w *world) *job.Manifest {
			return w.jobOf("text.jpg", []byte(strings.Repeat("not a photo ", 50)))
		}, []job.Code{job.CodeNotAnImage}},
		"photo of another type": {func(_ *testing.T, w *world) *job.Manifest {
			m := w.job("cat.webp")
			m.Source.ContentType = "image/png"
			return m
		}, []job.Code{job.CodeWrongType}},
		"empty photo": {func(_ *testing.T, w *world) *job.Manifest { return w.jobOf("empty.jpg", nil) }, []job.Code{job.CodeEmptyFile}},
		"photo too large": {func(_ *testing.T, w *world) *job.Manifest {
			return w.jobOf("large.jpg", make([]byte, 21<<20))
		}, []job.Code{job.CodeTooManyBytes}},
		"box outside": {func(_ *testing.T, w *world) *job.Manifest {
			return w.job("cat.jpg", &job.Box{10, 10, 5000, 100})
		}, []job.Code{job.CodeBoxOutside}},
		"box with swapped corners": {func(_ *testing.T, w *world) *job.Manifest {
			return w.job("cat.jpg", &job.Box{100, 100, 50, 50})
		}, []job.Code{job.CodeBoxOutside}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m := test.job(t, w)
			r := w.invoke(m, 1)
			result := r.result(t)
			if result.Status != job.StatusFailed || result.Error == nil || !slices.Contains(test.codes, result.Error.Code) || result.Error.Message == "" || result.Files == nil {
				t.Errorf("the result is %s", r.body)
			}
			if !bytes.Equal(r.body, w.stored(m, 1)) {
				t.Error("the answer is not the stored document")
			}
			if w.backend.calls.Load() != 0 {
				t.Error("the backend was called")
			}
		})
	}
}

func TestDeletedJobGetsNoResult(t *testing.T) {
	w := newWorld(t)
	m := w.job("cat.jpg")
	if err := w.bucket.DeleteJob(t.Context(), m.Ref(), m.Source.Key); err != nil {
		t.Fatal(err)
	}
	if r := w.invoke(m, 1); r.status != http.StatusGone || r.code(t) != "job_deleted" {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
	if w.stored(m, 1) != nil {
		t.Error("a deleted job has a result")
	}
}

func TestBackendErrorsAreFailedResults(t *testing.T) {
	for name, test := range map[string]struct {
		backend func(context.Context, server.Input) (*server.Output, error)
		code    job.Code
		want    string
	}{
		"object not found": {func(context.Context, server.Input) (*server.Output, error) {
			return nil, job.Invalid(job.CodeNoObject, "No object stands out in box 1.")
		}, job.CodeNoObject, "No object stands out in box 1."},
		"out of memory": {func(context.Context, server.Input) (*server.Output, error) {
			return nil, errors.Join(errors.New("CUDA"), server.ErrOutOfMemory)
		}, job.CodeOutOfMemory, "memory"},
		"any error": {func(context.Context, server.Input) (*server.Output, error) {
			return nil, errors.New("/opt/ml/worker.py:17: internal details")
		}, job.CodeModelFailed, "try it again"},
		"panic":   {func(context.Context, server.Input) (*server.Output, error) { panic("internal details") }, job.CodeModelFailed, "try it again"},
		"nothing": {func(context.Context, server.Input) (*server.Output, error) { return nil, nil }, job.CodeModelFailed, "try it again"},
		"a format missing": {func(_ context.Context, in server.Input) (*server.Output, error) {
			out := instant(in)
			delete(out.Files, job.FormatSplat)
			return out, nil
		}, job.CodeModelFailed, "try it again"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.backend.reconstruct = test.backend
			m := w.job("cat.jpg")
			r := w.invoke(m, 1)
			result := r.result(t)
			if result.Status != job.StatusFailed || result.Error == nil || result.Error.Code != test.code || !strings.Contains(result.Error.Message, test.want) {
				t.Errorf("the result is %s", r.body)
			}
			if strings.Contains(string(r.body), "internal details") {
				t.Errorf("the answer exposes internal details: %s", r.body)
			}
			if !bytes.Equal(r.body, w.stored(m, 1)) {
				t.Error("the answer is not the stored document")
			}
			w.backend.reconstruct = nil // as the server must still work
			if next := w.invoke(w.job("cat.jpg"), 1).result(t); next.Status != job.StatusSucceeded {
				t.Errorf("the next object: %+v", next)
			}
		})
	}
}

func TestExistingResultIsKept(t *testing.T) {
	w := newWorld(t)
	m := w.job("cat.jpg")
	w.backend.reconstruct = func(ctx context.Context, in server.Input) (*server.Output, error) {
		// As if the sweep or the endpoint's error topic wrote one first.
		first := job.FailedResult(1, *job.Invalid(job.CodeExpired, "Too late."), m.CreatedAt)
		if _, err := w.bucket.CreateResult(ctx, m.Ref(), first); err != nil {
			t.Error(err)
		}
		return instant(in), nil
	}
	r := w.invoke(m, 1)
	if result := r.result(t); result.Error == nil || result.Error.Code != job.CodeExpired || !bytes.Equal(r.body, w.stored(m, 1)) {
		t.Errorf("the answer is %s", r.body)
	}
}

func TestObjectsOfAJobShareOneRead(t *testing.T) {
	var reads atomic.Int32
	w := newWorld(t, func(s *setting) {
		s.transport = transport(func(r *http.Request) error {
			if isPhoto(r) {
				reads.Add(1)
			}
			return nil
		})
	})
	boxes := make([]*job.Box, 5)
	m := w.job("cat.jpg", boxes...)
	done := make(chan job.Result, len(boxes))
	for i := range boxes {
		go func() { done <- w.invoke(m, i+1).result(t) }()
	}
	for range boxes {
		if result := <-done; result.Status != job.StatusSucceeded {
			t.Errorf("the result is %+v", result)
		}
	}
	if reads.Load() != 1 {
		t.Errorf("the photo was read %d times", reads.Load())
	}
}
