package objectstore

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// firstPost is the file of a browser's form, whose MD5 is its object's ETag. A form makes its object once: in the cloud a
// second POST of it makes a version that the job does not use, and here, where only the newest version is kept, it must
// not replace the first.
type firstPost struct {
	io.Reader
	sum hash.Hash
}

func newFirstPost(file io.Reader) *firstPost {
	sum := md5.New()
	return &firstPost{Reader: io.TeeReader(file, sum), sum: sum}
}

// postedAgain finds out what the refusal of a POST means: the same file again is a success, as it is in the cloud, for a
// browser that lost the first answer; another is a failed precondition.
func (b *notifyingBackend) postedAgain(ctx context.Context, bucket, key string, posted *firstPost, refused error) (s3response.PutObjectOutput, error) {
	if !isCode(refused, s3err.ErrPreconditionFailed) {
		return s3response.PutObjectOutput{}, refused
	}
	if _, err := io.Copy(io.Discard, posted); err != nil { // what the gateway has not read
		return s3response.PutObjectOutput{}, err
	}
	there, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if notFound(err) { // deleted meanwhile
		return s3response.PutObjectOutput{}, s3err.GetAPIError(s3err.ErrSlowDown)
	}
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	if etag := deref(there.ETag); strings.Trim(etag, `"`) == hex.EncodeToString(posted.sum.Sum(nil)) {
		return s3response.PutObjectOutput{ETag: etag, Size: there.ContentLength}, nil
	}
	again := s3err.GetAPIError(s3err.ErrPreconditionFailed)
	again.Description = "The form has been used for another file. Submit the photo again for a form of its own."
	return s3response.PutObjectOutput{}, again
}
