package sweep

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

// Copier copies an object onto itself; *s3.Client is one.
type Copier interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	CopyObject(context.Context, *s3.CopyObjectInput, ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
}

// resend makes the bucket send the event of an object again, by a copy onto
// itself, unless it was written within the stall time. The copy is new, so the
// next one waits as long. What is in metadata is added to the object's own.
func (h *Handler) resend(ctx context.Context, key string, as deed, metadata map[string]string) (deed, error) {
	head, err := h.copier.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &h.config.Bucket, Key: &key})
	if err != nil {
		return nothing, fmt.Errorf("asking about %s: %w", key, gone(err))
	}
	if h.now().Sub(aws.ToTime(head.LastModified)) < h.config.stall() {
		return nothing, nil
	}
	// S3 refuses a copy onto itself that changes nothing, and one that replaces
	// the metadata has to carry all of them.
	_, err = h.copier.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &h.config.Bucket, Key: &key,
		CopySource: aws.String(copySource(h.config.Bucket, key)), CopySourceIfMatch: head.ETag,
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: merged(head.Metadata, metadata),
		ContentType: head.ContentType, CacheControl: head.CacheControl,
		ContentDisposition: head.ContentDisposition, ContentEncoding: head.ContentEncoding,
		ContentLanguage: head.ContentLanguage,
	})
	if err != nil {
		return nothing, fmt.Errorf("copying %s onto itself: %w", key, gone(err))
	}
	return as, nil
}

// resendPhoto makes the bucket send the event of a job's photo again. The copy has
// the job's ID in its metadata: another version of a photo that was copied in
// directly would be another job otherwise.
func (h *Handler) resendPhoto(ctx context.Context, id job.ID, key string) (deed, error) {
	return h.resend(ctx, key, reextract, map[string]string{job.MetaJob: string(id)})
}

// maxMetadata is how many bytes the names and values of an object's user metadata
// may have together.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
const maxMetadata = 2048

// merged adds further metadata to an object's own. Where that is more than S3
// takes, only what Extract reads is kept.
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
			return !slices.Contains([]string{job.MetaObjects, job.MetaSeed, job.MetaFormats, job.MetaJob}, name)
		})
	}
	return all
}

// copySource names an object in the header of a copy, where it is URL-encoded
// but for the slashes. A plus stands for itself in a path, but not for every
// store.
func copySource(name, key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), "+", "%2B")
	}
	return name + "/" + strings.Join(parts, "/")
}

// gone marks answers that say the object was deleted or replaced meanwhile.
func gone(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.ErrorCode() {
	case "NoSuchKey", "NotFound":
		return fmt.Errorf("%w: %w", bucket.ErrNotFound, err)
	case "PreconditionFailed":
		return fmt.Errorf("%w: %w", bucket.ErrConflict, err)
	}
	return err
}
