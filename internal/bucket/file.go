package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
)

// PutFile writes one file made of object n and describes it for the result.
func (b *Bucket) PutFile(ctx context.Context, ref job.Ref, n int, format job.Format, data []byte) (job.File, error) {
	file := job.File{Format: format, Key: ref.FileKey(n, FileName(format)), Bytes: int64(len(data))}
	sum := sha256.Sum256(data)
	file.SHA256 = hex.EncodeToString(sum[:])
	_, err := b.api.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &file.Key, Body: bytes.NewReader(data), ContentType: aws.String(MediaType(format)),
	})
	if err != nil {
		return job.File{}, fmt.Errorf("putting %s: %w", file.Key, err)
	}
	return file, nil
}

// FileName of a format in an object's folder.
func FileName(f job.Format) string {
	switch f {
	case job.FormatGLB:
		return job.MeshGLBName
	case job.FormatPLY:
		return job.MeshPLYName
	case job.FormatSplat:
		return job.SplatPLYName
	}
	return job.PreviewName
}
