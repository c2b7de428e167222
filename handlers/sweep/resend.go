package sweep

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"gen3d/internal/bucket"
)

// Copier copies an object onto itself; *s3.Client is one.
type Copier interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	CopyObject(context.Context, *s3.CopyObjectInput, ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
}

// resend makes the bucket send the event of an object again, by a copy onto
// itself, unless it was written within the stall time. The copy is new, so the
// next one waits as long.
func (h *Handler) resend(ctx context.Context, key string, as deed) (deed, error) {
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
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: head.Metadata,
		ContentType: head.ContentType, CacheControl: head.CacheControl,
		ContentDisposition: head.ContentDisposition, ContentEncoding: head.ContentEncoding,
		ContentLanguage: head.ContentLanguage,
	})
	if err != nil {
		return nothing, fmt.Errorf("copying %s onto itself: %w", key, gone(err))
	}
	return as, nil
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

// gone marks answers that say the object was deleted or replaced meanwhile: the
// next run finds the new state.
func gone(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.ErrorCode() {
	case "NoSuchKey", "NotFound", "PreconditionFailed":
		return fmt.Errorf("%w: %w", bucket.ErrNotFound, err)
	}
	return err
}
