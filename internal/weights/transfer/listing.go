package transfer

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"gen3d/internal/weights"
)

// bucket is the model bucket.
type bucket struct {
	s3   S3
	name string
}

type object struct {
	key  string
	size int64
}

func (b *bucket) list(ctx context.Context, prefix string) ([]object, error) {
	var found []object
	pages := s3.NewListObjectsV2Paginator(b.s3, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(b.name, "s3:ListBucket", err)
		}
		for _, o := range page.Contents {
			found = append(found, object{key: aws.ToString(o.Key), size: aws.ToInt64(o.Size)})
		}
	}
	return found, nil
}

// upload is an unfinished multipart upload with its parts in S3.
type upload struct {
	key, id string
	checked bool                 // S3 verifies and stores the SHA-256 of each part
	parts   map[int32]types.Part // by number
	bytes   int64                // in the parts
}

// uploads returns the uploads below the weights' prefix, without their parts.
func (b *bucket) uploads(ctx context.Context) ([]upload, error) {
	var found []upload
	pages := s3.NewListMultipartUploadsPaginator(b.s3, &s3.ListMultipartUploadsInput{Bucket: &b.name, Prefix: aws.String(weights.Prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(b.name, "s3:ListBucketMultipartUploads", err)
		}
		for _, u := range page.Uploads {
			found = append(found, upload{
				key: aws.ToString(u.Key), id: aws.ToString(u.UploadId), checked: u.ChecksumAlgorithm == types.ChecksumAlgorithmSha256,
			})
		}
	}
	return found, nil
}

// parts returns the parts of an upload for f in S3 that have the right size,
// and their bytes in total. The error of an upload that has ended satisfies
// [isGone].
func (b *bucket) parts(ctx context.Context, f File, id string) (map[int32]types.Part, int64, error) {
	uploaded, sum, key := map[int32]types.Part{}, int64(0), f.Key()
	pages := s3.NewListPartsPaginator(b.s3, &s3.ListPartsInput{Bucket: &b.name, Key: &key, UploadId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isGone(err) {
			return nil, 0, err
		}
		if err != nil {
			return nil, 0, explain(b.name, "s3:ListMultipartUploadParts", err)
		}
		for _, p := range page.Parts {
			n := aws.ToInt32(p.PartNumber)
			if n < 1 || n > partsOf(f) || aws.ToInt64(p.Size) != partLength(f, n) || aws.ToString(p.ChecksumSHA256) == "" {
				continue
			}
			if _, twice := uploaded[n]; !twice {
				sum += aws.ToInt64(p.Size)
			}
			uploaded[n] = p
		}
	}
	return uploaded, sum, nil
}

// partsOf returns the number of a file's parts; partLength the size of the nth,
// from 1.
func partsOf(f File) int32 { return int32((f.Size + PartSize - 1) / PartSize) }

func partLength(f File, n int32) int64 { return min(PartSize, f.Size-int64(n-1)*PartSize) }

// forEach calls do for each item, up to 16 concurrently.
func forEach[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, item := range items {
		g.Go(func() error { return do(ctx, item) })
	}
	return g.Wait()
}
