package jobs

import (
	"container/heap"
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// pageSize is how many jobs one request lists.
const pageSize = 100

// source lists the jobs of one user, newest first, a page at a time.
type source struct {
	bucket *bucket.Bucket
	user   string
	page   []job.ID
	last   job.ID
	more   bool
}

func (s *source) fill(ctx context.Context) (err error) {
	for len(s.page) == 0 && s.more {
		if s.page, s.more, err = s.bucket.Jobs(ctx, s.user, s.last, pageSize); err != nil {
			return err
		}
		if len(s.page) > 0 {
			s.last = s.page[len(s.page)-1]
		} else {
			break // folders that are not jobs
		}
	}
	return nil
}

// newest merges the jobs of several users into one list, newest first: the
// order of their IDs.
type newest []*source

func (n newest) Len() int           { return len(n) }
func (n newest) Less(i, j int) bool { return n[i].page[0] < n[j].page[0] }
func (n newest) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *newest) Push(x any)        { *n = append(*n, x.(*source)) }
func (n *newest) Pop() any {
	last := (*n)[len(*n)-1]
	*n = (*n)[:len(*n)-1]
	return last
}

// merge begins the list of the users' jobs after the given one.
func merge(ctx context.Context, b *bucket.Bucket, users []string, after job.ID) (*newest, error) {
	sources := make([]*source, len(users))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, user := range users {
		sources[i] = &source{bucket: b, user: user, last: after, more: true}
		group.Go(func() error { return sources[i].fill(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	list := &newest{}
	for _, s := range sources {
		if len(s.page) > 0 {
			*list = append(*list, s)
		}
	}
	heap.Init(list)
	return list, nil
}

// next returns up to n jobs that were created at since or later.
func (n *newest) next(ctx context.Context, count int, since time.Time) ([]job.Ref, error) {
	var refs []job.Ref
	for len(refs) < count && n.Len() > 0 {
		first := (*n)[0]
		id := first.page[0]
		if id.Created().Before(since) {
			return refs, nil
		}
		refs = append(refs, job.Ref{User: first.user, Job: id})
		first.page = first.page[1:]
		if err := first.fill(ctx); err != nil {
			return nil, err
		}
		if len(first.page) == 0 {
			heap.Pop(n)
		} else {
			heap.Fix(n, 0)
		}
	}
	return refs, nil
}
