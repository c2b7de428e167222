package job

import (
	"slices"
	"time"
)

// State of a job.
type State string

// The states of a job, in chronological order.
const (
	StateUploading  State = "uploading"  // announced, no photo yet
	StateQueued     State = "queued"     // no object started
	StateProcessing State = "processing" // at least one object started
	StateSucceeded  State = "succeeded"  // all objects made
	StatePartial    State = "partial"    // some made, some failed
	StateFailed     State = "failed"     // none made
)

// Finished reports whether the state is final.
func (s State) Finished() bool {
	return s == StateSucceeded || s == StatePartial || s == StateFailed
}

// ObjectState is the state of one object.
type ObjectState string

// The states of an object.
const (
	ObjectQueued     ObjectState = "queued"
	ObjectProcessing ObjectState = "processing"
	ObjectSucceeded  ObjectState = "succeeded"
	ObjectFailed     ObjectState = "failed"
)

// Snapshot is the content of a job's output folder as one LIST returns it:
// which documents and files exist. [Snapshot.Add] accepts the keys in any
// order.
type Snapshot struct {
	Ref      Ref
	Upload   bool
	Manifest bool
	Notice   bool
	Scene    bool
	// Thumbnail reports whether the small picture of the photo exists.
	Thumbnail bool
	Queued    map[int]bool // objects that the endpoint has accepted
	// QueuedAt is when the manifest or the latest n.queued.json was
	// written. It is zero if neither exists or the times were not given.
	QueuedAt time.Time
	Progress map[int]bool
	Results  map[int]bool
	Bytes    map[string]int64 // of every file of an object, by key
}

// NewSnapshot returns an empty snapshot.
func NewSnapshot(ref Ref) *Snapshot {
	return &Snapshot{Ref: ref, Queued: map[int]bool{}, Progress: map[int]bool{}, Results: map[int]bool{}, Bytes: map[string]int64{}}
}

// Add records a listed key with its size. Keys of other jobs are ignored.
func (s *Snapshot) Add(key string, bytes int64) { s.AddAt(key, bytes, time.Time{}) }

// AddAt is like [Snapshot.Add], with the time at which the key was written.
func (s *Snapshot) AddAt(key string, bytes int64, written time.Time) {
	k, err := ParseOutputKey(key)
	if err != nil || k.Ref != s.Ref {
		return
	}
	switch k.Kind {
	case KindUpload:
		s.Upload = true
	case KindManifest:
		s.Manifest = true
		s.queuedAt(written)
	case KindQueued:
		s.Queued[k.Number] = true
		s.queuedAt(written)
	case KindNotice:
		s.Notice = true
	case KindScene:
		s.Scene = true
	case KindThumbnail:
		s.Thumbnail = true
	case KindProgress:
		s.Progress[k.Number] = true
	case KindResult:
		s.Results[k.Number] = true
	case KindFile:
		s.Bytes[key] = bytes
	}
}

func (s *Snapshot) queuedAt(written time.Time) {
	if written.After(s.QueuedAt) {
		s.QueuedAt = written
	}
}

// Empty reports whether the folder holds no document of a job.
func (s *Snapshot) Empty() bool { return !s.Upload && !s.Manifest && !s.Notice }

// Complete reports whether every object of the manifest has a result.
func (s *Snapshot) Complete(m *Manifest) bool {
	for _, o := range m.Objects {
		if !s.Results[o.Index] {
			return false
		}
	}
	return true
}

// Unqueued returns the objects of the manifest for which neither n.queued.json
// nor a later document exists.
func (s *Snapshot) Unqueued(m *Manifest) []Object {
	var left []Object
	for _, o := range m.Objects {
		if !s.Queued[o.Index] && !s.Progress[o.Index] && !s.Results[o.Index] {
			left = append(left, o)
		}
	}
	return left
}

// Unanswered returns the number of objects that the endpoint has yet to finish:
// those for which a request was made and which have no result.
func (s *Snapshot) Unanswered() (n int) {
	for number := range s.Queued {
		if !s.Results[number] {
			n++
		}
	}
	for number := range s.Progress { // in case n.queued.json could not be written
		if !s.Queued[number] && !s.Results[number] {
			n++
		}
	}
	return n
}

// Summarize derives the job's summary from its manifest, the snapshot and the
// results read so far, by object number.
func (s *Snapshot) Summarize(m *Manifest, results map[int]*Result) Summary {
	sum := Summary{Name: m.Source.Name, Total: len(m.Objects), Thumbnail: s.Thumbnail}
	started := false
	for _, o := range m.Objects {
		sum.AddLabel(o.Label)
		started = started || s.Progress[o.Index] || s.Results[o.Index]
		r := results[o.Index]
		switch {
		case r == nil:
		case r.Status == StatusSucceeded:
			sum.Succeeded++
			sum.Backend = r.Backend
			if sum.Preview == 0 && s.hasPreview(o.Index) {
				sum.Preview = o.Index
			}
		default:
			sum.Failed++
			if sum.Backend == "" {
				sum.Backend = r.Backend
			}
		}
	}
	switch {
	case sum.Succeeded == sum.Total:
		sum.State = StateSucceeded
	case sum.Failed == sum.Total:
		sum.State = StateFailed
		sum.Error = sharedFailure(results)
	case sum.Succeeded+sum.Failed == sum.Total:
		sum.State = StatePartial
	case started:
		sum.State = StateProcessing
	default:
		sum.State = StateQueued
	}
	return sum
}

// AddLabel adds an object's label, unless it is empty or already there.
func (s *Summary) AddLabel(label string) {
	if label != "" && !slices.Contains(s.Labels, label) {
		s.Labels = append(s.Labels, label)
	}
}

func (s *Snapshot) hasPreview(n int) bool {
	_, ok := s.Bytes[s.Ref.FileKey(n, FormatPreview)]
	return ok
}

// sharedFailure returns the failure that all results have in common, or nil.
func sharedFailure(results map[int]*Result) *Failure {
	var shared *Failure
	for _, r := range results {
		switch {
		case r.Error == nil:
			return nil
		case shared == nil:
			shared = r.Error
		case *shared != *r.Error:
			return nil
		}
	}
	return shared
}

// ObjectState derives the state of object n from the snapshot and its result,
// which is nil if there is none.
func (s *Snapshot) ObjectState(n int, r *Result) ObjectState {
	switch {
	case r != nil && r.Status == StatusSucceeded:
		return ObjectSucceeded
	case r != nil:
		return ObjectFailed
	case s.Progress[n]:
		return ObjectProcessing
	}
	return ObjectQueued
}

// uploadGrace is how long after the presigned POST has expired a photo can
// still arrive: the upload may have begun in time, and its event follows it.
const uploadGrace = 5 * time.Minute

// EndsAt returns when the job fails if its photo has not been uploaded.
func (u *Upload) EndsAt() time.Time { return u.ExpiresAt.Add(uploadGrace) }

// State returns the state of a job that has an upload document but no manifest:
// uploading until [Upload.EndsAt], then failed with [CodeUploadExpired].
func (u *Upload) State(now time.Time) (State, *Failure) {
	if now.Before(u.EndsAt()) {
		return StateUploading, nil
	}
	return StateFailed, Invalid(CodeUploadExpired, "The photo did not arrive in time; send it again.")
}
