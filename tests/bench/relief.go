package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gen3d/internal/job"
)

const reliefRuns = 3

// fiveBoxes are boxes of five objects in the large photo.
const fiveBoxes = "900,300,3100,2700;1000,400,2000,1400;1500,900,2900,2500;200,1800,1200,2900;2600,200,3900,1500"

// measureRelief measures jobs with a photo of 12 megapixels in the whole
// service, from storing the photo to the mail.
func measureRelief(ctx context.Context, b *bench) (err error) {
	photo, err := largePhoto(b.photos)
	if err != nil {
		return err
	}
	l, err := b.startLocal(ctx, "relief")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.stop()) }()
	var alone []time.Duration
	whole := map[int][]time.Duration{}
	mails := 0
	for run := range reliefRuns {
		for _, c := range []struct {
			objects int
			boxes   string
		}{{1, "900,300,3100,2700"}, {5, fiveBoxes}} {
			user := fmt.Sprintf("relief%d-%d", c.objects, run)
			began := time.Now()
			if err := putPhoto(ctx, l.client, "users/"+user+"/input/photo.jpg", "image/jpeg", photo, map[string]string{"objects": c.boxes}); err != nil {
				return err
			}
			mails++
			if _, err := l.awaitMails(ctx, mails); err != nil {
				return err
			}
			whole[c.objects] = append(whole[c.objects], time.Since(began))
			results, err := l.results(ctx, user, c.objects)
			if err != nil {
				return err
			}
			if c.objects == 1 {
				alone = append(alone, worked(results[0]))
			}
		}
	}
	b.table.add(fmt.Sprintf("relief alone (mask, mesh, files written) of one object of a 12-megapixel photo, median of %d", reliefRuns),
		seconds(median(alone)), ratioOf(median(alone), median(whole[1])), "its job from photo to mail")
	b.table.add(fmt.Sprintf("that job from photo to mail, median of %d", reliefRuns), seconds(median(whole[1])), "1.00", "itself")
	b.table.add(fmt.Sprintf("five objects of that photo, from photo to mail, median of %d", reliefRuns), seconds(median(whole[5])),
		ratioOf(median(whole[5]), median(whole[1])), "one object")
	return nil
}

// results returns those of a user's only job, which must all have succeeded.
func (l *local) results(ctx context.Context, user string, objects int) ([]*job.Result, error) {
	store := documents(l.client)
	ids, _, err := store.Jobs(ctx, user, "", 1)
	if err != nil || len(ids) != 1 {
		return nil, fmt.Errorf("finding the job of %s: %d jobs, %w", user, len(ids), err)
	}
	results := make([]*job.Result, objects)
	for i := range results {
		if results[i], err = store.Result(ctx, job.Ref{User: user, Job: ids[0]}, i+1); err != nil {
			return nil, err
		}
		if results[i].Status != job.StatusSucceeded {
			return nil, fmt.Errorf("object %d of %s failed: %w", i+1, user, results[i].Error)
		}
	}
	return results, nil
}

// worked returns an object's time from the decoded photo until its files were
// in the bucket.
func worked(r *job.Result) time.Duration {
	var sum int64
	for _, stage := range []job.Stage{job.StageMask, job.StageReconstruct, job.StageExport} {
		sum += r.Timing[string(stage)]
	}
	return time.Duration(sum) * time.Millisecond
}
