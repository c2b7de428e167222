package bucket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// mostForgotten limits the claims that one call of [Bucket.ForgetClaims]
// deletes.
const mostForgotten = 500

// ForgetClaims deletes the claims of users without an unfinished job that were
// written before a time, which must be at least [job.ClaimsLife] ago, so that
// the lists of the markers do not become longer with every user who ever
// submitted a job. It deletes at most 500; the next call continues.
//
// A user can submit a job at the same time. The claims are deleted only if they
// are unchanged, and a concurrent claim then finds none and begins anew.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
func (b *Bucket) ForgetClaims(ctx context.Context, before time.Time) error {
	unfinished, old := map[string]bool{}, map[string]types.Object{} // by user
	err := b.each(ctx, job.PendingPrefix, func(o types.Object) bool {
		key := aws.ToString(o.Key)
		if ref, err := job.ParsePendingKey(key); err == nil {
			unfinished[ref.User] = true
			return true
		}
		user, _, _ := strings.Cut(strings.TrimPrefix(key, job.PendingPrefix), "/")
		if key == job.ClaimsKey(user) && aws.ToTime(o.LastModified).Before(before) {
			old[user] = o
		}
		return true
	})
	if err != nil {
		return err
	}
	forgotten := 0
	for user, o := range old {
		if unfinished[user] {
			continue
		}
		if forgotten++; forgotten > mostForgotten {
			return nil
		}
		if err := b.removeUnchanged(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// removeUnchanged deletes an object if it is as it was listed.
func (b *Bucket) removeUnchanged(ctx context.Context, o types.Object) error {
	_, err := b.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: o.Key, IfMatch: o.ETag})
	err = classify(err)
	switch {
	case err == nil, errors.Is(err, ErrConflict), errors.Is(err, errOngoing), errors.Is(err, ErrNotFound):
		return nil
	}
	return fmt.Errorf("deleting %s: %w", aws.ToString(o.Key), err)
}
