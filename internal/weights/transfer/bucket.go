package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"gen3d/internal/weights"
)

// S3 has the operations on the model bucket.
type S3 interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	CreateMultipartUpload(context.Context, *s3.CreateMultipartUploadInput, ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error)
	UploadPart(context.Context, *s3.UploadPartInput, ...func(*s3.Options)) (*s3.UploadPartOutput, error)
	CompleteMultipartUpload(context.Context, *s3.CompleteMultipartUploadInput, ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
	ListParts(context.Context, *s3.ListPartsInput, ...func(*s3.Options)) (*s3.ListPartsOutput, error)
}

// CheckBucket checks the bucket and the credentials before the hub is
// contacted.
func CheckBucket(ctx context.Context, client S3, bucket string) error {
	// Unlike HeadBucket, ListObjectsV2 returns an error code.
	_, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(weights.Prefix), MaxKeys: aws.Int32(1)})
	return explain(bucket, "s3:ListBucket", err)
}

// explain adds advice to an error of S3 that the user can fix. action is the
// permission that the call needs.
func explain(bucket, action string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	code, status := codeOf(err), 0
	var answer *smithyhttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch {
	case code == "NoSuchBucket":
		return fmt.Errorf("there is no bucket %s: deploy the stack first, or check --bucket", bucket)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", status == http.StatusMovedPermanently:
		return fmt.Errorf("bucket %s is in another region: set AWS_REGION to that", bucket)
	case code == "InvalidAccessKeyId", code == "SignatureDoesNotMatch", code == "ExpiredToken", code == "InvalidToken":
		return fmt.Errorf("AWS refuses the credentials (%s): sign in again, such as with aws sso login, or check AWS_PROFILE", code)
	case code == "AccessDenied", status == http.StatusForbidden:
		return fmt.Errorf("AWS does not let these credentials use bucket %s: they need %s on it (and, if it has a KMS key, "+
			"kms:GenerateDataKey and kms:Decrypt on that); check AWS_PROFILE", bucket, action)
	case errors.As(err, &unsent):
		return fmt.Errorf("S3 cannot be reached for bucket %s: check the network or --s3-url, and run the same command again (%w)", bucket, unsent.Err)
	case answer == nil && code == "":
		return fmt.Errorf("there are no usable AWS credentials: sign in, such as with aws sso login, or set AWS_PROFILE (%w)", err)
	}
	return fmt.Errorf("asking S3 for %s on bucket %s: %w", action, bucket, err)
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// isMissing reports whether err means that the object does not exist.
func isMissing(err error) bool {
	code := codeOf(err)
	return code == "NotFound" || code == "NoSuchKey"
}

// isGone reports whether err means that the multipart upload does not exist: it
// was completed or aborted by another push, or by the bucket's lifecycle.
func isGone(err error) bool { return codeOf(err) == "NoSuchUpload" }
