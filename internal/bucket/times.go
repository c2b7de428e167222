package bucket

import (
	"context"
	"errors"
	"time"

	"gen3d/internal/job"
)

// Times reads what is known about the durations of starts and objects. If there
// is no document, nothing is known.
func (b *Bucket) Times(ctx context.Context) (*job.Times, error) {
	times, _, err := read[job.Times](ctx, b, job.TimesKey)
	if errors.Is(err, ErrNotFound) {
		return &job.Times{}, nil
	}
	return times, err
}

// ReviseTimes changes it. change reports whether it changed anything, and can be
// called more than once.
func (b *Bucket) ReviseTimes(ctx context.Context, change func(*job.Times) (changed bool, err error)) error {
	return revise(ctx, b, job.TimesKey, change)
}

// StartAsked opens a start of the first instance.
func (b *Bucket) StartAsked(ctx context.Context, at time.Time) error {
	return b.ReviseTimes(ctx, func(times *job.Times) (bool, error) {
		times.Asked(at)
		return true, nil
	})
}
