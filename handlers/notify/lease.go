package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// errLeased tells Lambda to run the event again: another run is to send the
// mails and has not recorded them yet.
var errLeased = errors.New("another run holds the lease on the job's mails; this event must run again")

// lease is a notice that this run holds, with the ETag of its stored version.
type lease struct {
	notice job.Notice
	etag   string
}

// take gets the lease on the job's mails, as the package comment says. It is nil,
// without an error, where both are settled already.
func (h *Handler) acquire(ctx context.Context, ref job.Ref, summary job.Summary) (*lease, error) {
	mine := job.Notice{Version: job.Version, Holder: h.requestID(ctx), LeasedAt: h.now().UTC(), Summary: summary}
	etag, err := h.bucket.CreateNotice(ctx, ref, mine)
	if err == nil {
		return &lease{mine, etag}, nil
	}
	if !errors.Is(err, bucket.ErrConflict) {
		return nil, err
	}
	var waited time.Duration
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		waiting := waited < h.waitTimeout
		// A lease that cannot be seen is one that another run is just writing, or
		// the job has just been deleted; the event's next run would find out.
		found, etag, err := h.bucket.Notice(ctx, ref)
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			taken, done, err := h.takeOver(ctx, ref, found, etag, mine, waiting)
			if taken != nil || done || err != nil {
				return taken, err
			}
		}
		if !waiting {
			return nil, fmt.Errorf("job %s: %w", ref.Job, errLeased)
		}
		select {
		case <-time.After(wait):
			waited += wait
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another run's mail of job %s: %w", ref.Job, ctx.Err())
		}
	}
}

// takeOver looks at a lease that stands in the way of this run's. It returns it
// where it may be had, and done where the mail is out.
func (h *Handler) takeOver(ctx context.Context, ref job.Ref, found *job.Notice, etag string, mine job.Notice, waiting bool) (taken *lease, done bool, err error) {
	if found.Sent() {
		return nil, true, nil
	}
	own := found.Holder == mine.Holder
	// What an earlier run has sent is not sent again.
	mine.User, mine.Admin = found.User, found.Admin
	if own && found.LeasedAt.Equal(mine.LeasedAt) {
		// It was stored after all; the answer to the first request was lost.
		return &lease{mine, etag}, false, nil
	}
	now := h.now()
	if old := now.Sub(found.LeasedAt) >= h.config.Lease(); !old && (waiting || !own) {
		return nil, false, nil
	}
	mine.LeasedAt = now.UTC()
	etag, err = h.bucket.ReplaceNotice(ctx, ref, mine, etag)
	if errors.Is(err, bucket.ErrConflict) { // another run was first
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	h.log.WarnContext(ctx, "took over a lease", "jobId", ref.Job, "holder", found.Holder, "leasedAt", found.LeasedAt)
	return &lease{mine, etag}, false, nil
}

// Waits between two looks at another run's lease, and for how long to look at
// all: a mail takes one or two seconds.
const (
	firstWait          = 50 * time.Millisecond
	longestWait        = time.Second
	defaultWaitTimeout = 5 * time.Second
)

// mark stores what became of the job's mails in the notice. Where another run has
// taken the lease over in the meantime, its notice gets the record and errLeased
// is returned: the rest is that run's to send. A deleted job has no notice to
// keep, which is no error.
func (h *Handler) update(ctx context.Context, ref job.Ref, taken *lease) error {
	notice, etag := taken.notice, taken.etag
	for {
		stored, err := h.bucket.ReplaceNotice(ctx, ref, notice, etag)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		if err == nil {
			mine := notice.Holder == taken.notice.Holder
			taken.notice, taken.etag = notice, stored
			if !mine && !notice.Sent() {
				return fmt.Errorf("job %s: %w", ref.Job, errLeased)
			}
			return nil
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return err
		}
		found, latest, err := h.bucket.Notice(ctx, ref)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if found.Sent() {
			taken.notice, taken.etag = *found, latest
			return nil
		}
		if latest == etag {
			return fmt.Errorf("recording the mails of job %s: %w", ref.Job, bucket.ErrConflict)
		}
		notice, etag = merge(*found, taken.notice), latest
	}
}

// merge adds to a notice what this run knows of the mails.
func merge(found, mine job.Notice) job.Notice {
	if !found.User.Sent() && mine.User != nil {
		found.User = mine.User
	}
	if !found.Admin.Sent() && mine.Admin != nil {
		found.Admin = mine.Admin
	}
	found.SentAt = mine.SentAt
	return found
}
