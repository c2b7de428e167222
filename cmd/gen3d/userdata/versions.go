package userdata

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/cmd/gen3d/target"
)

// version is a version of an object, or a delete marker.
type version struct {
	key, id string
	bytes   int64
}

// versions lists all versions of a user's objects, by key within each prefix.
// The S3 of this machine does not list versions, and deletes all of a key's at
// once.
func versions(ctx context.Context, t *target.Target, who person) ([]version, error) {
	var all []version
	for _, prefix := range who.prefixes() {
		list := listVersions
		if t.Local() {
			list = listObjects
		}
		found, err := list(ctx, t, prefix)
		if err != nil {
			return nil, fmt.Errorf("listing the versions under %s: %w", prefix, err)
		}
		slices.SortStableFunc(found, func(a, b version) int { return strings.Compare(a.key, b.key) })
		all = append(all, found...)
	}
	return all, nil
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func listVersions(ctx context.Context, t *target.Target, prefix string) ([]version, error) {
	var found []version
	pages := s3.NewListObjectVersionsPaginator(t.S3, &s3.ListObjectVersionsInput{Bucket: &t.DataBucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			found = append(found, version{aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToInt64(v.Size)})
		}
		for _, m := range page.DeleteMarkers {
			found = append(found, version{key: aws.ToString(m.Key), id: aws.ToString(m.VersionId)})
		}
	}
	return found, nil
}

func listObjects(ctx context.Context, t *target.Target, prefix string) ([]version, error) {
	stored, err := t.Data.List(ctx, prefix)
	var found []version
	for _, o := range stored {
		found = append(found, version{key: o.Key, bytes: o.Bytes})
	}
	return found, err
}

// remove permanently deletes versions, in their order.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func remove(ctx context.Context, t *target.Target, found []version) error {
	const most = 1000 // of a request
	for some := range slices.Chunk(found, most) {
		var objects []types.ObjectIdentifier
		for _, v := range some {
			object := types.ObjectIdentifier{Key: aws.String(v.key)}
			if v.id != "" {
				object.VersionId = aws.String(v.id)
			}
			objects = append(objects, object)
		}
		out, err := t.S3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &t.DataBucket, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
		if err != nil {
			return fmt.Errorf("deleting %d versions: %w", len(objects), err)
		}
		for _, refused := range out.Errors {
			if code := aws.ToString(refused.Code); code != "NoSuchKey" && code != "NoSuchVersion" {
				return fmt.Errorf("deleting %s: %s", aws.ToString(refused.Key), aws.ToString(refused.Message))
			}
		}
	}
	return nil
}
