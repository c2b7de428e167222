package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
)

// PutFile writes a file of object n and returns its description for the result.
func (b *Bucket) PutFile(ctx context.Context, ref job.Ref, n int, format job.Format, data []byte) (job.File, error) {
	info, ok := format.Info()
	if !ok {
		return job.File{}, fmt.Errorf("putting a file of object %d: %q is no format", n, format)
	}
	file := job.File{Format: format, Key: ref.FileKey(n, format), Bytes: int64(len(data))}
	sum := sha256.Sum256(data)
	file.SHA256 = hex.EncodeToString(sum[:])
	_, err := b.api.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &file.Key, Body: bytes.NewReader(data), ContentType: &info.MediaType,
	})
	if err != nil {
		return job.File{}, fmt.Errorf("putting %s: %w", file.Key, err)
	}
	return file, nil
}
