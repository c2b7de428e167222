package bucket

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// Users lists the users that have objects in the bucket, in the order of their
// IDs.
func (b *Bucket) Users(ctx context.Context) ([]string, error) {
	prefix := job.UsersPrefix
	pages := s3.NewListObjectsV2Paginator(b.api, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, Delimiter: aws.String("/")})
	var users []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the users of bucket %s: %w", b.name, err)
		}
		for _, folder := range page.CommonPrefixes {
			user := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(folder.Prefix), prefix), "/")
			if job.ValidUser(user) {
				users = append(users, user)
			}
		}
	}
	return users, nil
}

// Unfinished lists the jobs of a user that have a pending marker, newest first.
func (b *Bucket) Unfinished(ctx context.Context, user string) ([]job.ID, error) {
	var ids []job.ID
	err := b.each(ctx, job.PendingUserPrefix(user), func(o types.Object) bool {
		if ref, err := job.ParsePendingKey(aws.ToString(o.Key)); err == nil {
			ids = append(ids, ref.Job)
		}
		return true
	})
	return ids, err
}

// DeleteClaims deletes a user's claims. A user who has unfinished jobs must not
// lose them: their places would count as free.
func (b *Bucket) DeleteClaims(ctx context.Context, user string) error {
	return b.remove(ctx, job.ClaimsKey(user))
}
