package bucket

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// Claim gives the user's jobs, in the order of ids, a place among the most
// unfinished jobs, as long as places are free. It returns those of ids that
// have a place, with the time at which they got it; a job keeps the place that
// it has. The pending marker of each job must have been written before. Places
// are not given back explicitly: if none is free, those of jobs without a
// marker are taken.
//
// Concurrent claims cannot take the same place: S3 accepts one of the concurrent
// writes of the document, and some claim always succeeds.
//
// A place is not taken from an unfinished job. A job is in the document only
// after its marker was written, the document is read before the markers are
// listed, and S3's reads and lists are strongly consistent: a marker that is
// not listed has been deleted.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
func (b *Bucket) Claim(ctx context.Context, user string, ids []job.ID, most int, now time.Time) (places map[job.ID]time.Time, err error) {
	err = b.reviseClaims(ctx, user, func(claims *job.Claims) (bool, error) {
		changed, err := b.grant(ctx, user, claims, ids, most, now)
		places = placesOf(claims, ids)
		return changed, err
	})
	if err != nil {
		return nil, fmt.Errorf("claiming a place for a job of %s: %w", user, err)
	}
	return places, nil
}

// ClaimWake records that the user asks for an instance without a job. It records
// nothing if none of the most places is free, since the user could not submit a
// job, or if [job.Claims.Wake] tells the user to wait.
func (b *Bucket) ClaimWake(ctx context.Context, user string, most int, now time.Time) (free bool, wait time.Duration, err error) {
	err = b.reviseClaims(ctx, user, func(claims *job.Claims) (bool, error) {
		if len(claims.Jobs) >= most {
			if err := b.dropEnded(ctx, user, claims); err != nil {
				return false, err
			}
		}
		if free = len(claims.Jobs) < most; !free {
			return false, nil
		}
		wait = claims.Wake(now)
		return wait == 0, nil
	})
	if err != nil {
		return false, 0, fmt.Errorf("claiming an instance for %s: %w", user, err)
	}
	return free, wait, nil
}

func (b *Bucket) reviseClaims(ctx context.Context, user string, change func(*job.Claims) (bool, error)) error {
	return revise(ctx, b, job.ClaimsKey(user), func(claims *job.Claims) (bool, error) {
		claims.Version = job.Version
		if claims.Jobs == nil {
			claims.Jobs = map[job.ID]time.Time{}
		}
		return change(claims)
	})
}

// grant adds the jobs that get a place to claims. It looks for places of ended
// jobs only if the free ones do not suffice.
func (b *Bucket) grant(ctx context.Context, user string, claims *job.Claims, ids []job.ID, most int, now time.Time) (changed bool, err error) {
	var without []job.ID
	for _, id := range ids {
		if _, ok := claims.Jobs[id]; !ok {
			without = append(without, id)
		}
	}
	if len(without) > most-len(claims.Jobs) {
		if err := b.dropEnded(ctx, user, claims); err != nil {
			return false, err
		}
	}
	for _, id := range without[:max(0, min(len(without), most-len(claims.Jobs)))] {
		claims.Jobs[id] = now.UTC()
		changed = true
	}
	return changed, nil
}

// dropEnded removes the jobs without a pending marker from claims. It lists the
// markers from the newest to the oldest job of the claims, which skips the
// newer jobs that wait.
func (b *Bucket) dropEnded(ctx context.Context, user string, claims *job.Claims) error {
	if len(claims.Jobs) == 0 {
		return nil
	}
	unfinished := map[job.ID]bool{}
	ids := slices.Sorted(maps.Keys(claims.Jobs))
	newest, oldest := job.Ref{User: user, Job: ids[0]}, job.Ref{User: user, Job: ids[len(ids)-1]}
	// A key without its last character sorts before it, and after all lower
	// keys of that length.
	before := newest.PendingKey()
	before = before[:len(before)-1]
	err := b.eachAfter(ctx, job.PendingUserPrefix(user), before, func(o types.Object) bool {
		key := aws.ToString(o.Key)
		if ref, err := job.ParsePendingKey(key); err == nil {
			unfinished[ref.Job] = true
		}
		return key < oldest.PendingKey()
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !unfinished[id] {
			delete(claims.Jobs, id)
		}
	}
	return nil
}

// placesOf returns those of ids that have a place.
func placesOf(claims *job.Claims, ids []job.ID) map[job.ID]time.Time {
	found := map[job.ID]time.Time{}
	for _, id := range ids {
		if since, ok := claims.Jobs[id]; ok {
			found[id] = since
		}
	}
	return found
}
