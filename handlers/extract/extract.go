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

// Endpoint queues the requests for objects. *sagemakerruntime.Client implements
// it.
type Endpoint interface {
	InvokeEndpointAsync(context.Context, *sagemakerruntime.InvokeEndpointAsyncInput, ...func(*sagemakerruntime.Options)) (*sagemakerruntime.InvokeEndpointAsyncOutput, error)
}

// Instances starts the endpoint's first instance. *instances.Instances
// implements it.
type Instances interface {
	Wake(context.Context) (asked bool)
}

// Services are the clients and settings that the handler uses.
type Services struct {
	Bucket   *bucket.Bucket
	Endpoint Endpoint
	// Instances are those of the endpoint.
	Instances Instances
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   *telemetry.Metrics
	// StallTimeout is how long another run for the same photo can add no
	// document before this run takes over. 0 means ten seconds. A call to
	// the endpoint takes well under one second.
	StallTimeout time.Duration
}

// Handler starts the jobs of new photos.
type Handler struct {
	config       Config
	bucket       *bucket.Bucket
	endpoint     Endpoint
	instances    Instances
	now          func() time.Time
	log          *slog.Logger
	metrics      *telemetry.Metrics
	stallTimeout time.Duration
}

// New returns a handler for a validated configuration.
func New(config Config, s Services) *Handler {
	if s.StallTimeout == 0 {
		s.StallTimeout = 10 * time.Second
	}
	return &Handler{
		config: config, bucket: s.Bucket, endpoint: s.Endpoint, instances: s.Instances,
		now: s.Now, log: s.Log, metrics: s.Metrics, stallTimeout: s.StallTimeout,
	}
}

// Handle starts a job for each photo of the event. It processes every record;
// an error makes Lambda run the whole event again, which does not repeat
// completed steps.
func (h *Handler) Handle(ctx context.Context, event events.S3Event) error {
	var faults []error
	for i := range event.Records {
		if err := h.record(ctx, &event.Records[i]); err != nil {
			h.log.ErrorContext(ctx, "processing a photo's event failed; it will be retried", "record", i, "error", err.Error())
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (h *Handler) record(ctx context.Context, record *events.S3EventRecord) error {
	began := h.now()
	if !strings.HasPrefix(record.EventName, "ObjectCreated:") {
		h.log.InfoContext(ctx, "ignoring an event that creates no object", "event", record.EventName)
		return nil
	}
	if name := record.S3.Bucket.Name; name != h.config.Bucket {
		// The configuration is wrong. The error sends the event to the
		// dead-letter queue.
		return fmt.Errorf("the event is of bucket %q, but DATA_BUCKET is %q", name, h.config.Bucket)
	}
	// S3 encodes keys as form values, a space as "+". The events package
	// decodes them into URLDecodedKey only when it parses JSON; Key is
	// always set.
	key, err := url.QueryUnescape(record.S3.Object.Key)
	if err != nil {
		return fmt.Errorf("decoding the key %q of the event: %w", record.S3.Object.Key, err)
	}
	address, err := job.ParsePhotoKey(key)
	if err != nil {
		h.log.InfoContext(ctx, "ignoring a key that is not a photo's", "key", key)
		return nil
	}
	stored, err := h.find(ctx, key, record.S3.Object.VersionID)
	if errors.Is(err, bucket.ErrNotFound) {
		h.log.InfoContext(ctx, "ignoring the event of a deleted photo", "key", key)
		return nil
	}
	if err != nil {
		return err
	}
	of, err := h.identify(ctx, address, stored)
	if err != nil {
		return err
	}
	queued, err := h.start(ctx, of, stored)
	if errors.Is(err, errDeleted) {
		// Neither the photo, whose form was still valid, nor what this run
		// has written may restore the job or stay.
		h.log.InfoContext(ctx, "removing what came after the deletion of a job", "jobId", of.ref.Job)
		if !of.deleted { // the deletion has removed the photo, and the key can have another one by now
			key = ""
		}
		return h.bucket.DeleteJob(ctx, of.ref, key)
	}
	if err != nil {
		return fmt.Errorf("job %s: %w", of.ref.Job, err)
	}
	h.report(ctx, of.ref, queued, h.now().Sub(began))
	return nil
}

// find returns the version that the event is about. It looks up the current
// version first: a photo that has been deleted must not start a job, although a
// versioned bucket still has the version.
func (h *Handler) find(ctx context.Context, key, version string) (*bucket.Photo, error) {
	stored, err := h.bucket.Photo(ctx, key, "")
	if err != nil || version == "" || stored.VersionID == version {
		return stored, err
	}
	return h.bucket.Photo(ctx, key, version)
}

// errDeleted means that a job was deleted before its photo was uploaded, or while
// this run started it.
var errDeleted = errors.New("the job has been deleted")

// outcome describes what a run did for a job.
type outcome struct {
	created bool // this run created the manifest
	objects int  // the number of requests made
	all     bool // requests were made for all objects of the job
	waiting bool // the job has no place
	refused *job.Failure
}

// start performs the steps of the package comment for a photo of the job of.
func (h *Handler) start(ctx context.Context, of identified, stored *bucket.Photo) (outcome, error) {
	if of.deleted {
		return outcome{}, errDeleted
	}
	ref := of.ref
	drafted, err := h.draft(ctx, ref, of.name, stored)
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
	// A deletion removes the photo before it lists the documents. So it removes
	// the manifest as well, or the photo is missing here.
	if _, err := h.bucket.Photo(ctx, stored.Key, ""); errors.Is(err, bucket.ErrNotFound) {
		return outcome{}, errDeleted
	} else if err != nil {
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
	// A deletion lists the documents until none is left. So it removes what this
	// run has written, or the manifest is missing here.
	if _, missing := h.bucket.Manifest(ctx, ref); errors.Is(missing, bucket.ErrNotFound) {
		return outcome{}, errDeleted
	} else if err == nil {
		err = missing
	}
	if err == nil && otherVersion(manifest, stored) {
		h.log.InfoContext(ctx, "removing another version of the job's photo", "jobId", ref.Job)
		err = h.bucket.DeletePhoto(ctx, stored.Key, stored.VersionID)
	}
	if err == nil && !created {
		err = h.clearMarker(ctx, ref)
	}
	return done, err
}

// queueRest makes the requests that no run has made, once the job has a place
// among the unfinished ones.
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
	// The API has asked for an instance when it created the job, but this photo
	// can have been copied in, and the instance can have ended since. From here
	// on the backlog keeps an instance.
	if done.objects > 0 && h.config.Wake.Submit() {
		h.instances.Wake(ctx)
	}
	return err
}

// otherVersion reports whether a stored photo is not the version that the job
// is for: a form can be used again, with other bytes of the same size, and
// Sweep copies a photo onto itself. Either creates another version under the
// job's key.
func otherVersion(m *job.Manifest, stored *bucket.Photo) bool {
	return stored.VersionID != "" && stored.VersionID != m.Source.VersionID
}

// refuse writes the failed results of a job whose photo cannot be used.
func (h *Handler) refuse(ctx context.Context, m *job.Manifest) error {
	for _, o := range m.Objects {
		if _, err := h.bucket.CreateResult(ctx, m.Ref(), job.FailedResult(o.Index, *m.Refused, h.now())); err != nil {
			return err
		}
	}
	return nil
}

// clearMarker removes the marker that this run has written again if the job's
// mails have already been sent. Otherwise the run of Notify that sends them
// removes it.
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
		log.WarnContext(ctx, "queued the remaining objects of an earlier run", "objects", done.objects)
		h.metrics.Emit(properties, count("ObjectsQueued", done.objects), latency)
	default:
		log.InfoContext(ctx, "the job is already queued")
	}
}
