package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// errLeased makes Lambda run the event again: another run has the lease and has
// not recorded the mails yet.
var errLeased = errors.New("another run has the lease on the job's mails; this event must run again")

// lease is a notice that this run has taken, with the ETag of its stored
// version.
type lease struct {
	notice job.Notice
	etag   string
}

// acquire takes the lease on the job's mails as the package comment describes.
// It returns nil without an error if both mails are settled.
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
		// There is no lease if another run is just writing it, or if
		// the job has been deleted; a repeat of the event tells them
		// apart.
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

// takeOver takes another run's lease over if the package comment allows it, and
// returns it. It returns done if the mails are settled, and neither if the
// lease is still valid or another run took it over first. waiting reports
// whether this run can wait longer.
func (h *Handler) takeOver(ctx context.Context, ref job.Ref, found *job.Notice, etag string, mine job.Notice, waiting bool) (taken *lease, done bool, err error) {
	if found.Sent() {
		return nil, true, nil
	}
	own := found.Holder == mine.Holder
	// Mails that an earlier run has sent are not sent again.
	mine.User, mine.Admin = found.User, found.Admin
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

// Delays between two reads of another run's lease, and the total wait: sending
// a mail takes one or two seconds.
const (
	firstWait          = 50 * time.Millisecond
	longestWait        = time.Second
	defaultWaitTimeout = 5 * time.Second
)

// update stores the outcome of the job's mails in the notice. If another run
// has taken the lease over, its notice gets the record, and errLeased is
// returned: that run sends the remaining mail. If the job was deleted, there is
// no notice to update, which is not an error.
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
			return fmt.Errorf("replacing the notice of job %s: %w", ref.Job, bucket.ErrConflict)
		}
		notice, etag = merge(*found, taken.notice), latest
	}
}

// merge adds to a notice the mails that this run has settled.
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
