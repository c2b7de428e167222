package bucket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// Pauses before a claim is tried again, at most; a random part of it is waited.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// Claim gives the user's jobs, in the order of ids, a place among the most
// unfinished ones, as far as places are free. It returns those of ids that hold a
// place, with the time since when; a job that held one before keeps it. The
// pending marker of each must have been put before. Nothing gives a place back:
// where none is left, those of jobs without a marker are free.
//
// Two claims at once cannot take the same place. The document is written with
// If-None-Match: * or If-Match, and S3 lets one of such writes through; the other
// one reads again. A conflict means that another claim was written, so some claim
// always goes on.
//
// A place is not taken from a job that is unfinished. A job is in the document
// only after its marker was put, the document was read before the markers are
// listed, and S3's reads and lists are strongly consistent: a marker that the list
// does not show has been removed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
func (b *Bucket) Claim(ctx context.Context, user string, ids []job.ID, most int, now time.Time) (map[job.ID]time.Time, error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		claims, etag, err := b.claims(ctx, user)
		if err != nil {
			return nil, err
		}
		changed, err := b.grant(ctx, user, claims, ids, most, now)
		if err != nil {
			return nil, err
		}
		if changed {
			limit := ifAbsent
			if etag != "" {
				limit = ifUnchanged(etag)
			}
			_, err = b.put(ctx, job.ClaimsKey(user), claims, limit)
		}
		switch {
		case err == nil:
			return placesOf(claims, ids), nil
		case !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound): // not found: someone deleted the document
			return nil, err
		}
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return nil, fmt.Errorf("claiming a place for a job of %s: %w", user, ctx.Err())
		}
	}
}

// claims reads a user's claims; without a document they are empty, and so is etag.
func (b *Bucket) claims(ctx context.Context, user string) (claims *job.Claims, etag string, err error) {
	claims, etag, err = read[job.Claims](ctx, b, job.ClaimsKey(user))
	if errors.Is(err, ErrNotFound) {
		claims, etag, err = &job.Claims{Version: job.Version}, "", nil
	}
	if err == nil && claims.Jobs == nil {
		claims.Jobs = map[job.ID]time.Time{}
	}
	return claims, etag, err
}

// grant adds the jobs that get a place to claims. It looks for places that have
// become free only where those that are left do not suffice.
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

// dropEnded takes the jobs without a pending marker out of claims. It lists the
// markers from the newest job of the claims to the oldest, which leaves out those
// of the jobs that have come since and wait.
func (b *Bucket) dropEnded(ctx context.Context, user string, claims *job.Claims) error {
	if len(claims.Jobs) == 0 {
		return nil
	}
	unfinished := map[job.ID]bool{}
	ids := slices.Sorted(maps.Keys(claims.Jobs))
	newest, oldest := job.Ref{User: user, Job: ids[0]}, job.Ref{User: user, Job: ids[len(ids)-1]}
	// A key without its last character sorts before it, and after all that are lower.
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

// placesOf returns those of ids that hold a place.
func placesOf(claims *job.Claims, ids []job.ID) map[job.ID]time.Time {
	found := map[job.ID]time.Time{}
	for _, id := range ids {
		if since, ok := claims.Jobs[id]; ok {
			found[id] = since
		}
	}
	return found
}
