package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureJobs measures jobs from their S3 event to their mail in the whole
// service, with an instant model: all photos are stored, sixteen at a time,
// each of another user, and the time ends with the last mail. A run that the
// limit ends has also spent time on unfinished jobs; its row says so.
func measureJobs(ctx context.Context, b *bench) error {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	var first float64
	var firstCPU time.Duration
	for _, jobs := range growing(b.jobs) {
		done, took, cpu, err := b.runJobs(ctx, jobs)
		if err != nil {
			return fmt.Errorf("%d jobs: %w", jobs, err)
		}
		rate := float64(done) / took.Seconds()
		if first == 0 {
			first = rate
		}
		what := thousands(jobs) + " jobs from event to mail"
		if done < jobs {
			what += fmt.Sprintf(", cut short at %s", thousands(done))
		}
		b.table.add(what, fmt.Sprintf("%s, %.1f jobs/s", seconds(took), rate), ratio(rate, first), "the rate of 10 jobs")
		if done > 0 {
			each := cpu / time.Duration(done)
			if firstCPU == 0 {
				firstCPU = each
			}
			b.table.add("… time of the cores a job, all of gen3d local", ms(each), ratioOf(each, firstCPU), "10 jobs")
		}
		if done < jobs {
			break
		}
	}
	return nil
}

// growing returns 10, 1,000 and 10,000, up to most, and most.
func growing(most int) []int {
	sizes := []int{10}
	for _, n := range []int{1000, 10_000} {
		if n <= most {
			sizes = append(sizes, n)
		}
	}
	if sizes[len(sizes)-1] != most {
		sizes = append(sizes, most)
	}
	return sizes
}

func (b *bench) runJobs(ctx context.Context, jobs int) (done int, took, cpu time.Duration, err error) {
	model := new(instantModel)
	web := httptest.NewServer(model)
	defer web.Close()
	// The service runs after the limit, to report the finished jobs.
	l, err := b.startLocal(context.WithoutCancel(ctx), fmt.Sprintf("jobs-%d", jobs), "--model", web.URL)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, l.stop()) }()
	model.use(l.client)
	photo, err := smallPhoto()
	if err != nil {
		return 0, 0, 0, err
	}
	usedBefore, err := cpuTime(l.command.Process.Pid)
	if err != nil {
		return 0, 0, 0, err
	}
	began := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	go func() {
		for i := range jobs {
			group.Go(func() error {
				return putPhoto(groupCtx, l.client, fmt.Sprintf("users/bench%06d/input/photo.png", i), "image/png", photo, nil)
			})
		}
	}()
	done, err = l.awaitMails(ctx, jobs)
	took = time.Since(began)
	used, failed := cpuTime(l.command.Process.Pid)
	err = errors.Join(err, failed)
	if ctx.Err() == nil {
		err = errors.Join(err, group.Wait())
	}
	return done, took, used - usedBefore, err
}
