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

// pngSignature begins every PNG.
const pngSignature = "\x89PNG\r\n\x1a\n"

// PutFile writes a file of object n and returns its description for the result.
func (b *Bucket) PutFile(ctx context.Context, ref job.Ref, n int, format job.Format, data []byte) (job.File, error) {
	info, ok := format.Info()
	if !ok {
		return job.File{}, fmt.Errorf("putting a file of object %d: %q is no format", n, format)
	}
	mediaType := info.MediaType
	if format == job.FormatPreview && bytes.HasPrefix(data, []byte(pngSignature)) {
		mediaType = "image/png"
	}
	file := job.File{Format: format, Key: ref.FileKey(n, format), Bytes: int64(len(data))}
	sum := sha256.Sum256(data)
	file.SHA256 = hex.EncodeToString(sum[:])
	_, err := b.api.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &file.Key, Body: bytes.NewReader(data), ContentType: &mediaType,
	})
	if err != nil {
		return job.File{}, fmt.Errorf("putting %s: %w", file.Key, err)
	}
	return file, nil
}

// ThumbnailMediaType is the media type of [job.Ref.ThumbnailKey].
const ThumbnailMediaType = "image/jpeg"

// PutThumbnail writes the small picture of the job's photo.
func (b *Bucket) PutThumbnail(ctx context.Context, ref job.Ref, data []byte) error {
	key, mediaType := ref.ThumbnailKey(), ThumbnailMediaType
	_, err := b.api.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), ContentType: &mediaType})
	if err != nil {
		return fmt.Errorf("putting %s: %w", key, err)
	}
	return nil
}
