package bucket

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"gen3d/internal/job"
)

// Backlog is what the endpoint has yet to finish, as the bucket shows it.
type Backlog struct {
	jobs []queuedJob
	// Partial is set if there may be more jobs than [Bucket.Backlog] reads. Of
	// those it has found, the jobs that were submitted last are left out.
	Partial bool
}

// queuedJob is a job for which requests have been made.
type queuedJob struct {
	ref     job.Ref
	at      time.Time // of the last request
	objects int       // without a result
}

// Limits on the requests for a backlog.
const (
	mostMarked  = 5000 // objects under pending/ that are listed, 1000 a request
	mostJobs    = 100  // jobs whose folders are listed
	listedJobs  = 16   // folders listed at once
	markerBytes = 1    // a marker without content is of a job without a photo
)

// Backlog finds the jobs that the endpoint has yet to finish. It takes one LIST
// request for each 1000 markers and claims, at most five, and one for each job
// whose photo is uploaded, at most 100, the earliest first. A deleted job is not
// in it, although its requests may be in the endpoint's queue.
func (b *Bucket) Backlog(ctx context.Context) (*Backlog, error) {
	backlog := &Backlog{}
	var marked []Pending
	listed := 0
	err := b.each(ctx, job.PendingPrefix, func(o types.Object) bool {
		if ref, err := job.ParsePendingKey(aws.ToString(o.Key)); err == nil && aws.ToInt64(o.Size) >= markerBytes {
			marked = append(marked, Pending{Ref: ref, Marked: aws.ToTime(o.LastModified)})
		}
		listed++
		backlog.Partial = listed == mostMarked // there may be more
		return !backlog.Partial
	})
	if err != nil {
		return nil, err
	}
	// Extract writes the photo's key into the marker before it makes requests.
	slices.SortFunc(marked, func(a, b Pending) int { return a.Marked.Compare(b.Marked) })
	if len(marked) > mostJobs {
		marked, backlog.Partial = marked[:mostJobs], true
	}
	jobs := make([]queuedJob, len(marked))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listedJobs)
	for i, m := range marked {
		group.Go(func() error {
			snapshot, err := b.Snapshot(ctx, m.Ref)
			if err == nil {
				jobs[i] = queuedJob{ref: m.Ref, at: snapshot.QueuedAt, objects: snapshot.Unanswered()}
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	backlog.jobs = slices.DeleteFunc(jobs, func(j queuedJob) bool { return j.objects == 0 })
	return backlog, nil
}

// Ahead returns the number of objects of jobs whose requests were made before
// those of the snapshot's job. All others are ahead of a job without requests,
// such as one that waits for a place.
func (b *Backlog) Ahead(of *job.Snapshot) (objects int) {
	mine := queuedJob{ref: of.Ref, at: of.QueuedAt}
	for _, j := range b.jobs {
		if j.ref != of.Ref && (len(of.Queued) == 0 || j.before(mine)) {
			objects += j.objects
		}
	}
	return objects
}

// before orders jobs by their requests. S3's times can have a resolution of a
// second; within it the earlier job, whose ID sorts later, comes first.
func (j queuedJob) before(other queuedJob) bool {
	return cmp.Or(j.at.Compare(other.at), cmp.Compare(other.ref.Job, j.ref.Job)) < 0
}
