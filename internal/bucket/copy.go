package bucket

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// CopyOntoItself copies an object onto itself, which makes S3 send its event
// again. The copy has the object's content and metadata, with those in metadata
// added. An object written after the time before is left as it is, and copied
// is false. The error wraps [ErrNotFound] where there is no object, and
// [ErrConflict] where it was replaced during the call.
func (b *Bucket) CopyOntoItself(ctx context.Context, key string, before time.Time, metadata map[string]string) (copied bool, err error) {
	head, err := b.api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return false, fmt.Errorf("reading the metadata of %s: %w", key, classify(err))
	}
	if aws.ToTime(head.LastModified).After(before) {
		return false, nil
	}
	// S3 refuses a copy onto itself that changes nothing. One that replaces
	// the metadata must carry all of them.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
	_, err = b.api.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &b.name, Key: &key,
		CopySource: aws.String(copySource(b.name, key)), CopySourceIfMatch: head.ETag,
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: merged(head.Metadata, metadata),
		ContentType: head.ContentType, CacheControl: head.CacheControl,
		ContentDisposition: head.ContentDisposition, ContentEncoding: head.ContentEncoding,
		ContentLanguage: head.ContentLanguage,
	})
	if err != nil {
		return false, fmt.Errorf("copying %s onto itself: %w", key, classify(err))
	}
	return true, nil
}

// CopyPhoto copies a version of a photo or mask, or the current one if version is
// empty, to another key, with only the given metadata. The creation of a photo
// runs Extract.
func (b *Bucket) CopyPhoto(ctx context.Context, from, version, to, contentType string, metadata map[string]string) error {
	source := copySource(b.name, from)
	if version != "" {
		source += "?versionId=" + url.QueryEscape(version)
	}
	_, err := b.api.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &b.name, Key: &to, CopySource: &source,
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: metadata, ContentType: &contentType,
	})
	if err != nil {
		return fmt.Errorf("copying %s to %s: %w", from, to, classify(err))
	}
	return nil
}

// maxMetadata is the limit on the names and values of an object's user metadata
// together, in bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
const maxMetadata = 2048

// merged adds further metadata to an object's own. Where the sum is larger than
// S3 accepts, it keeps only what Gen3D reads.
func merged(own, further map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, own)
	maps.Copy(all, further)
	bytes := 0
	for name, value := range all {
		bytes += len(name) + len(value)
	}
	if bytes > maxMetadata {
		maps.DeleteFunc(all, func(name, _ string) bool {
			return !slices.Contains(job.MetaNames, name)
		})
	}
	return all
}

// copySource returns the value of the header x-amz-copy-source, in which the
// key is URL-encoded except for its slashes. A plus sign is encoded as well:
// some stores decode it as a space.
func copySource(name, key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "+", "%2B")
	}
	return name + "/" + strings.Join(parts, "/")
}
