package job_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
)

func manifest(objects int) *job.Manifest {
	m := job.NewManifest(ref, anID.Created(), job.Source{
		Bucket: "data", Key: ref.PhotoKey("cup", ".jpg"), Name: "cup.jpg",
	}, make([]job.Selection, objects), job.Options{Formats: job.AllFormats})
	return &m
}

func TestAManifestIsReadBackAsItWasWritten(t *testing.T) {
	m := job.NewManifest(ref, time.Now(), job.Source{Bucket: "data", Key: ref.PhotoKey("cup", ".jpg"), Width: 6, Height: 4},
		[]job.Selection{{Label: "cup", Box: box(1, 2, 30, 40), Points: []job.Point{{X: 1, Y: 2, Inside: true}}}, {Mask: true}}, job.Options{Seed: 5, Formats: job.AllFormats, Quality: job.QualityHigh, Faces: 2000})
	m.Objects[1].Mask = &job.MaskFile{Key: ref.MaskKey(m.Source.Key, 2), VersionID: "v", ETag: "e", Bytes: 7}
	m.Refused = job.Invalid(job.CodeTooSmall, "Too small.")
	m.Objects[0].Points = []job.Point{{X: 5, Y: 6, Inside: true}, {X: 0, Y: 0}}
	m.Objects[1].Mask = &job.MaskFile{Key: ref.InputPrefix() + "2.mask", VersionID: "v", ETag: "e", Bytes: 70}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := job.ParseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	got.CreatedAt = m.CreatedAt // JSON preserves the instant, not Go's representation
	if !reflect.DeepEqual(*got, m) || got.Ref() != ref {
		t.Errorf("read %+v; want %+v", *got, m)
	}
	if o, err := got.Object(1); err != nil || o.InferenceID != ref.InferenceID(1) {
		t.Errorf("object 1 is %+v, %v", o, err)
	}
	for _, n := range []int{0, 3} {
		if _, err := got.Object(n); err == nil {
			t.Errorf("there is an object %d", n)
		}
	}
	if m := manifest(0); len(m.Objects) != 1 || m.Objects[0].Box != nil {
		t.Errorf("no selection makes %+v", m.Objects)
	}
}

func TestInvalidManifestsAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*job.Manifest){
		"another version":        func(m *job.Manifest) { m.Version = 2 },
		"no job ID":              func(m *job.Manifest) { m.JobID = "x" },
		"another user's photo":   func(m *job.Manifest) { m.Source.Key = "users/else/input/a.png" },
		"a photo that is output": func(m *job.Manifest) { m.Source.Key = ref.ManifestKey() },
		"no bucket":              func(m *job.Manifest) { m.Source.Bucket = "" },
		"no object":              func(m *job.Manifest) { m.Objects = nil },
		"another user's mask":    func(m *job.Manifest) { m.Objects[0].Mask = &job.MaskFile{Key: "users/else/input/a.png.1.mask"} },
		"another object's mask":  func(m *job.Manifest) { m.Objects[0].Mask = &job.MaskFile{Key: ref.InputPrefix() + "2.mask"} },
		"a mask that is a photo": func(m *job.Manifest) { m.Objects[0].Mask = &job.MaskFile{Key: m.Source.Key} },
		"objects from 0":         func(m *job.Manifest) { m.Objects[0].Index = 0 },
		"too many objects":       func(m *job.Manifest) { *m = *manifest(1000) },
		"a mask above the user's folder": func(m *job.Manifest) {
			m.Objects[0].Mask = &job.MaskFile{Key: "users/input/" + ref.User + "/input/1.mask"}
		},
		"a mask that is output":      func(m *job.Manifest) { m.Objects[0].Mask = &job.MaskFile{Key: ref.FileKey(1, job.FormatMask)} },
		"a mask with a photo's name": func(m *job.Manifest) { m.Objects[0].Mask = &job.MaskFile{Key: ref.PhotoKey("cup", ".jpg")} },
	} {
		m := manifest(2)
		spoil(m)
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := job.ParseManifest(data); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	if _, err := job.ParseManifest([]byte("{")); err == nil {
		t.Error("broken JSON passed")
	}
}

func TestJobStateFollowsTheSnapshot(t *testing.T) {
	ok := &job.Result{Status: job.StatusSucceeded, Backend: job.BackendRelief}
	lost := &job.Result{Status: job.StatusFailed, Error: &job.Failure{Code: job.CodeExpired, Message: "Late."}}
	none := &job.Result{Status: job.StatusFailed, Error: &job.Failure{Code: job.CodeNoObject, Message: "Nothing."}}
	for name, test := range map[string]struct {
		keys    []string
		results map[int]*job.Result
		want    job.Summary
	}{
		"only the manifest":   {nil, nil, job.Summary{State: job.StateQueued}},
		"queued":              {[]string{ref.QueuedKey(1)}, nil, job.Summary{State: job.StateQueued}},
		"one started":         {[]string{ref.ProgressKey(2)}, nil, job.Summary{State: job.StateProcessing}},
		"one result, unread":  {[]string{ref.ResultKey(2)}, nil, job.Summary{State: job.StateProcessing}},
		"one done, one to do": {[]string{ref.ResultKey(1)}, map[int]*job.Result{1: ok}, job.Summary{State: job.StateProcessing, Succeeded: 1, Backend: job.BackendRelief}},
		"both done":           {[]string{ref.FileKey(2, job.FormatPreview)}, map[int]*job.Result{1: ok, 2: ok}, job.Summary{State: job.StateSucceeded, Succeeded: 2, Backend: job.BackendRelief, Preview: 2}},
		"one failed":          {nil, map[int]*job.Result{1: lost, 2: ok}, job.Summary{State: job.StatePartial, Succeeded: 1, Failed: 1, Backend: job.BackendRelief}},
		"both failed alike":   {nil, map[int]*job.Result{1: lost, 2: lost}, job.Summary{State: job.StateFailed, Failed: 2, Error: lost.Error}},
		"each for its own":    {nil, map[int]*job.Result{1: lost, 2: none}, job.Summary{State: job.StateFailed, Failed: 2}},
	} {
		s := job.NewSnapshot(ref)
		s.Add(ref.ManifestKey(), 1)
		for _, key := range test.keys {
			s.Add(key, 10)
		}
		test.want.Name, test.want.Total = "cup.jpg", 2
		if got := s.Summarize(manifest(2), test.results); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v; want %+v", name, got, test.want)
		}
		finished := test.want.Succeeded+test.want.Failed == 2
		if test.want.State.Finished() != finished {
			t.Errorf("%s: %s counts as finished: %v", name, test.want.State, !finished)
		}
	}
}

func TestSnapshotIgnoresOtherJobs(t *testing.T) {
	s := job.NewSnapshot(ref)
	if !s.Empty() || s.Complete(manifest(1)) {
		t.Error("nothing is something")
	}
	other := job.Ref{User: ref.User, Job: "6yzcxr8tr30123456789abcdef"}
	s.Add(other.ManifestKey(), 1)
	s.Add("pending/u/x", 1)
	if !s.Empty() {
		t.Error("another job's manifest counts")
	}
	early := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.AddAt(ref.QueuedKey(2), 1, early.Add(time.Minute))
	s.AddAt(ref.ManifestKey(), 1, early)
	s.AddAt(ref.ResultKey(2), 1, early.Add(time.Hour))
	s.Add(ref.UploadKey(), 1)
	s.Add(ref.NoticeKey(), 1)
	s.Add(ref.FileKey(2, job.FormatGLB), 123)
	if !s.Manifest || !s.Upload || !s.Notice || !s.Queued[2] || s.Queued[1] || !s.Results[2] || s.Bytes[ref.FileKey(2, job.FormatGLB)] != 123 {
		t.Errorf("the snapshot is %+v", s)
	}
	if !s.QueuedAt.Equal(early.Add(time.Minute)) {
		t.Errorf("queued at %v", s.QueuedAt)
	}
	if s.Complete(manifest(2)) {
		t.Error("one result of two is complete")
	}
	s.Add(ref.ResultKey(1), 1)
	if !s.Complete(manifest(2)) {
		t.Error("both results are not complete")
	}
}

func TestTheStateOfAnObject(t *testing.T) {
	s := job.NewSnapshot(ref)
	s.Add(ref.ProgressKey(2), 1)
	for n, test := range map[int]struct {
		result *job.Result
		want   job.ObjectState
	}{
		1: {nil, job.ObjectQueued}, 2: {nil, job.ObjectProcessing},
		3: {&job.Result{Status: job.StatusSucceeded}, job.ObjectSucceeded}, 4: {&job.Result{Status: job.StatusFailed}, job.ObjectFailed},
	} {
		if got := s.ObjectState(n, test.result); got != test.want {
			t.Errorf("object %d is %s; want %s", n, got, test.want)
		}
	}
}

func TestUploadExpiresAfterItsGracePeriod(t *testing.T) {
	expires := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	u := &job.Upload{ExpiresAt: expires}
	if state, failure := u.State(expires.Add(time.Minute)); state != job.StateUploading || failure != nil {
		t.Errorf("a minute past: %s, %v", state, failure)
	}
	if state, failure := u.State(expires.Add(time.Hour)); state != job.StateFailed || failure.Code != job.CodeUploadExpired {
		t.Errorf("an hour past: %s, %v", state, failure)
	}
}

func TestAsFailureUnwrapsErrors(t *testing.T) {
	failure := job.Invalid(job.CodeTooSmall, "%d is too small.", 5)
	got, ok := job.AsFailure(fmt.Errorf("judging: %w", failure))
	if !ok || got != failure || got.Error() != "5 is too small." {
		t.Errorf("found %v", got)
	}
	if _, ok := job.AsFailure(errors.New("a fault")); ok {
		t.Error("a fault passed as a failure")
	}
	if _, ok := job.AsFailure(nil); ok {
		t.Error("nothing passed as a failure")
	}
	r := job.FailedResult(3, *failure, time.Now())
	data, err := json.Marshal(r)
	if err != nil || r.Index != 3 || r.Status != job.StatusFailed || !strings.Contains(string(data), `"files":[]`) {
		t.Errorf("the result is %s, %v", data, err)
	}
	n := job.Notice{}
	if n.Sent() {
		t.Error("a new lease counts as sent")
	}
	if n.SentAt = time.Now(); !n.Sent() {
		t.Error("a sent mail does not")
	}
}
