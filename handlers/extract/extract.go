package extract

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// Endpoint takes the requests for objects; *sagemakerruntime.Client is one.
type Endpoint interface {
	InvokeEndpointAsync(context.Context, *sagemakerruntime.InvokeEndpointAsyncInput, ...func(*sagemakerruntime.Options)) (*sagemakerruntime.InvokeEndpointAsyncOutput, error)
}

// Services are what the function works with.
type Services struct {
	Bucket   *bucket.Bucket
	Endpoint Endpoint
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *telemetry.Metrics
	// StallTimeout is how long another run of the same photo's event may be silent
	// before this one goes on in its place; 0 is ten seconds. A call to the
	// endpoint takes well under one.
	StallTimeout time.Duration
}

// Handler is the function.
type Handler struct {
	config       Config
	bucket       *bucket.Bucket
	endpoint     Endpoint
	now          func() time.Time
	log          *slog.Logger
	metrics      *telemetry.Metrics
	stallTimeout time.Duration
}

// New makes the function from a checked configuration.
func New(config Config, s Services) *Handler {
	if s.StallTimeout == 0 {
		s.StallTimeout = 10 * time.Second
	}
	return &Handler{
		config: config, bucket: s.Bucket, endpoint: s.Endpoint,
		now: s.Now, log: s.Log, metrics: s.Metrics, stallTimeout: s.StallTimeout,
	}
}

// Handle starts a job for each photo of the event. Every record is tried; an
// error makes Lambda run the whole event again, and what was done is not
// repeated.
func (h *Handler) Handle(ctx context.Context, event events.S3Event) error {
	var faults []error
	for i := range event.Records {
		if err := h.record(ctx, &event.Records[i]); err != nil {
			h.log.ErrorContext(ctx, "a photo's event has to run again", "record", i, "error", err.Error())
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (h *Handler) record(ctx context.Context, record *events.S3EventRecord) error {
	began := h.now()
	if !strings.HasPrefix(record.EventName, "ObjectCreated:") {
		h.log.InfoContext(ctx, "nothing to do for an event that creates no object", "event", record.EventName)
		return nil
	}
	if name := record.S3.Bucket.Name; name != h.config.Bucket {
		// Something is configured wrong; the dead-letter queue is the place to see it.
		return fmt.Errorf("the event is of bucket %q, but DATA_BUCKET is %q", name, h.config.Bucket)
	}
	// S3 encodes keys like form values, a space as "+". The events package decodes
	// into URLDecodedKey while it reads JSON; Key is there for every event.
	key, err := url.QueryUnescape(record.S3.Object.Key)
	if err != nil {
		return fmt.Errorf("decoding the key %q of the event: %w", record.S3.Object.Key, err)
	}
	address, err := job.ParsePhotoKey(key)
	if err != nil {
		h.log.InfoContext(ctx, "nothing to do for a key that is no photo's", "key", key)
		return nil
	}
	stored, err := h.find(ctx, key, record.S3.Object.VersionID)
	if errors.Is(err, bucket.ErrNotFound) {
		h.log.InfoContext(ctx, "the photo is gone, so there is nothing to do", "key", key)
		return nil
	}
	if err != nil {
		return err
	}
	of, err := h.identify(ctx, address, stored)
	if err != nil {
		return err
	}
	if of.deleted {
		// Its form could still be posted. The photo must not bring the job back, nor
		// stay behind.
		h.log.InfoContext(ctx, "removing the late photo of a deleted job", "jobId", of.ref.Job)
		return h.bucket.DeleteJob(ctx, of.ref, key)
	}
	queued, err := h.start(ctx, of.ref, of.name, stored)
	if err != nil {
		return fmt.Errorf("job %s: %w", of.ref.Job, err)
	}
	h.report(ctx, of.ref, queued, h.now().Sub(began))
	return nil
}

// find asks S3 about the version that the event is about. It asks for the newest
// first: a photo that was deleted since must not start a job, although a
// versioned bucket still has the version.
func (h *Handler) find(ctx context.Context, key, version string) (*bucket.Photo, error) {
	stored, err := h.bucket.Photo(ctx, key, "")
	if err != nil || version == "" || stored.VersionID == version {
		return stored, err
	}
	return h.bucket.Photo(ctx, key, version)
}

// outcome is what a run did for a job.
type outcome struct {
	created bool // the manifest is this run's
	objects int  // requests made to the endpoint
	all     bool // these are all objects of the job
	waiting bool // the job has no place yet
	refused *job.Failure
}

// start takes a photo through the steps of the package comment. name is what
// its user called it.
func (h *Handler) start(ctx context.Context, ref job.Ref, name string, stored *bucket.Photo) (outcome, error) {
	drafted, err := h.draft(ctx, ref, name, stored)
	if err != nil {
		return outcome{}, err
	}
	if err := h.bucket.MarkPhoto(ctx, ref, stored.Key); err != nil {
		return outcome{}, err
	}
	created, err := h.bucket.CreateManifest(ctx, drafted)
	if err != nil {
		return outcome{}, err
	}
	manifest := drafted
	if !created {
		if manifest, err = h.bucket.Manifest(ctx, ref); err != nil {
			return outcome{}, err
		}
	}
	done := outcome{created: created, refused: manifest.Refused}
	if manifest.Refused != nil {
		err = h.refuse(ctx, manifest)
	} else {
		err = h.queueRest(ctx, manifest, &done)
	}
	if err == nil && otherVersion(manifest, stored) {
		h.log.InfoContext(ctx, "removing a photo that came after the job's own", "jobId", ref.Job)
		err = h.bucket.DeletePhoto(ctx, stored.Key, stored.VersionID)
	}
	if err == nil && !created {
		err = h.clearMarker(ctx, ref)
	}
	return done, err
}

// ask makes the requests for the objects that no run has asked for, once the job
// has a place among the unfinished ones.
func (h *Handler) queueRest(ctx context.Context, m *job.Manifest, done *outcome) error {
	left := m.Objects
	if !done.created {
		var err error
		if left, err = h.awaitUnqueued(ctx, m); err != nil || len(left) == 0 {
			return err
		}
	}
	places, err := h.bucket.Claim(ctx, m.UserID, []job.ID{m.JobID}, h.config.Limits.MaxUnfinished, h.now())
	if err != nil {
		return err
	}
	if len(places) == 0 {
		done.waiting = true
		return nil
	}
	done.all = len(left) == len(m.Objects)
	done.objects, err = h.queue(ctx, m, left)
	return err
}

// another tells whether a stored photo is not the one that the job is of: a form
// can be posted again, with other bytes of the same size, and Sweep copies a photo
// onto itself. Either makes another version under the job's key.
func otherVersion(m *job.Manifest, stored *bucket.Photo) bool {
	return stored.VersionID != "" && stored.VersionID != m.Source.VersionID
}

// refuse ends a job whose photo cannot be used.
func (h *Handler) refuse(ctx context.Context, m *job.Manifest) error {
	for _, o := range m.Objects {
		if _, err := h.bucket.CreateResult(ctx, m.Ref(), job.FailedResult(o.Index, *m.Refused, h.now())); err != nil {
			return err
		}
	}
	return nil
}

// unmark removes the marker that this run has put again although the job's mail
// was out already. Where it was not, whoever sends it removes the marker after.
func (h *Handler) clearMarker(ctx context.Context, ref job.Ref) error {
	notice, _, err := h.bucket.Notice(ctx, ref)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	if err != nil || !notice.Sent() {
		return err
	}
	return h.bucket.ClearPending(ctx, ref)
}

func (h *Handler) report(ctx context.Context, ref job.Ref, done outcome, took time.Duration) {
	log := h.log.With("jobId", ref.Job)
	latency := telemetry.Metric{Name: "ExtractLatency", Unit: telemetry.Milliseconds, Value: float64(took.Milliseconds())}
	properties := map[string]any{"jobId": ref.Job}
	count := func(name string, n int) telemetry.Metric {
		return telemetry.Metric{Name: name, Unit: telemetry.Count, Value: float64(n)}
	}
	switch {
	case done.refused != nil && done.created:
		log.WarnContext(ctx, "the photo is refused", "code", done.refused.Code)
		properties["code"] = done.refused.Code
		h.metrics.Emit(properties, count("PhotosRefused", 1), latency)
	case done.waiting && done.created:
		log.InfoContext(ctx, "the job waits for a place among its user's unfinished jobs")
		h.metrics.Emit(properties, count("JobsWaiting", 1), latency)
	case done.waiting:
		log.InfoContext(ctx, "the job still waits for a place among its user's unfinished jobs")
	case done.all:
		log.InfoContext(ctx, "the job is queued", "objects", done.objects)
		h.metrics.Emit(properties, count("JobsQueued", 1), count("ObjectsQueued", done.objects), latency)
	case done.objects > 0:
		log.WarnContext(ctx, "the job of an earlier run is queued to its end", "objects", done.objects)
		h.metrics.Emit(properties, count("ObjectsQueued", done.objects), latency)
	default:
		log.InfoContext(ctx, "the job was queued before, so there is nothing to do")
	}
}
