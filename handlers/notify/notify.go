package notify

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// Services are the clients and settings that the handler uses.
type Services struct {
	Bucket  *bucket.Bucket
	Users   Users
	Mail    Mail
	Now     func() time.Time
	NewID   func() string // for a run without a request ID, outside Lambda
	Log     *slog.Logger
	Metrics *telemetry.Metrics
	// WaitTimeout is how long a run waits for another run to send the
	// mails. 0 means five seconds.
	WaitTimeout time.Duration
	// SceneTimeout limits the time for which the mails wait for the job's
	// scene. 0 means 20 seconds.
	SceneTimeout time.Duration
	// LearnTimeout limits the time for which runs that end objects at the
	// same time wait for each other to record the objects' times, after the
	// mails. 0 means five seconds.
	LearnTimeout time.Duration
}

// Handler ends jobs.
type Handler struct {
	config       Config
	bucket       *bucket.Bucket
	users        Users
	mail         Mail
	now          func() time.Time
	newID        func() string
	log          *slog.Logger
	metrics      *telemetry.Metrics
	waitTimeout  time.Duration
	sceneTimeout time.Duration
	learnTimeout time.Duration
}

// New returns a handler for a validated configuration.
func New(config Config, s Services) *Handler {
	if s.WaitTimeout == 0 {
		s.WaitTimeout = defaultWaitTimeout
	}
	if s.SceneTimeout == 0 {
		s.SceneTimeout = defaultSceneTimeout
	}
	if s.LearnTimeout == 0 {
		s.LearnTimeout = defaultLearnTimeout
	}
	config.WebsiteURL = strings.TrimSuffix(config.WebsiteURL, "/")
	return &Handler{
		config: config, bucket: s.Bucket, users: s.Users, mail: s.Mail,
		now: s.Now, newID: s.NewID, log: s.Log, metrics: s.Metrics, waitTimeout: s.WaitTimeout,
		sceneTimeout: s.SceneTimeout, learnTimeout: s.LearnTimeout,
	}
}

// Handle processes an event of S3 or SNS. An error makes Lambda run the whole
// event again, which does not repeat completed steps.
func (h *Handler) Handle(ctx context.Context, payload json.RawMessage) error {
	records, err := readEvent(payload)
	if err != nil {
		return err
	}
	var failed []error
	seen := map[job.Ref]bool{}
	for _, o := range records {
		if o.message != nil {
			failed = append(failed, h.fail(ctx, o.message.SNS.Message))
			continue
		}
		bucketName, key := o.stored.S3.Bucket.Name, o.stored.S3.Object.URLDecodedKey
		result, err := job.ParseOutputKey(key)
		if bucketName != h.bucket.Name() || !created(o.stored) || err != nil || result.Kind != job.KindResult {
			h.log.WarnContext(ctx, "dropping an event that is not about a new result", "bucket", bucketName, "key", key, "event", o.stored.EventName)
			continue
		}
		// Once for each job: all results of the event exist already.
		if !seen[result.Ref] {
			seen[result.Ref] = true
			failed = append(failed, h.finish(ctx, result.Ref))
		}
		h.learn(ctx, result)
	}
	return errors.Join(failed...)
}

// requestID returns the ID of the event, which Lambda keeps for all attempts.
func (h *Handler) requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok && lc.AwsRequestID != "" {
		return lc.AwsRequestID
	}
	return h.newID()
}

// finish makes the job's scene and sends its mails if all its objects have a
// result and the mails are not settled.
func (h *Handler) finish(ctx context.Context, ref job.Ref) error {
	log := h.log.With("jobId", ref.Job)
	snapshot, err := h.bucket.Snapshot(ctx, ref)
	if err != nil {
		return err
	}
	if !snapshot.Manifest {
		// The manifest is written before any result, so the job was
		// deleted while an object was being processed. The late result
		// is deleted too.
		log.InfoContext(ctx, "removing the late result of a deleted job")
		return h.bucket.DeleteJob(ctx, ref, "")
	}
	if snapshot.Notice {
		notice, _, err := h.bucket.Notice(ctx, ref)
		if err != nil {
			return err
		}
		if notice.Sent() {
			return h.bucket.ClearPending(ctx, ref)
		}
	}
	manifest, err := h.bucket.Manifest(ctx, ref)
	if err != nil {
		return err
	}
	if !snapshot.Complete(manifest) {
		log.InfoContext(ctx, "not all objects have a result yet", "results", len(snapshot.Results), "objects", len(manifest.Objects))
		return nil
	}
	results, err := h.results(ctx, manifest)
	if err != nil {
		return err
	}
	made := h.scene(ctx, snapshot, manifest, results)
	taken, err := h.acquire(ctx, ref, snapshot.Summarize(manifest, results))
	if err != nil {
		return err
	}
	// A deletion that has not removed the manifest yet finds what this run has
	// written.
	if _, err := h.bucket.Manifest(ctx, ref); errors.Is(err, bucket.ErrNotFound) {
		log.InfoContext(ctx, "removing the notice and the scene of a deleted job")
		return h.bucket.DeleteJob(ctx, ref, "")
	} else if err != nil {
		return err
	}
	if taken != nil {
		if err := h.deliver(ctx, manifest, results, made, taken); err != nil {
			return err
		}
	}
	return h.bucket.ClearPending(ctx, ref)
}

// readers limits the concurrent reads of results.
const readers = 16

func (h *Handler) results(ctx context.Context, manifest *job.Manifest) (map[int]*job.Result, error) {
	read := make([]*job.Result, len(manifest.Objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, object := range manifest.Objects {
		group.Go(func() (err error) {
			read[i], err = h.bucket.Result(ctx, manifest.Ref(), object.Index)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	results := make(map[int]*job.Result, len(read))
	for i, object := range manifest.Objects {
		results[object.Index] = read[i]
	}
	return results, nil
}
