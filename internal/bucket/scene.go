package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
)

// Part opens count bytes of an object's file at an offset for reading. The
// caller closes it. A file whose size is not the result's is refused: it is not
// the one that the result describes.
func (b *Bucket) Part(ctx context.Context, file job.File, offset, count int64) (io.ReadCloser, error) {
	want := fmt.Sprintf("bytes %d-%d/%d", offset, offset+count-1, file.Bytes)
	requested := fmt.Sprintf("bytes=%d-%d", offset, offset+count-1)
	out, err := b.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &file.Key, Range: &requested})
	if err != nil {
		return nil, fmt.Errorf("getting %s: %w", file.Key, classify(err))
	}
	if out.ContentRange == nil || *out.ContentRange != want {
		_ = out.Body.Close()
		return nil, fmt.Errorf("getting %s: it does not have the %d bytes of its result", file.Key, file.Bytes)
	}
	return out.Body, nil
}

// CreateSceneFile writes the scene's file that combines the objects' files of a
// format, unless it exists. If it does, it is not changed, and there is no error.
// The body is read more than once if a request is repeated.
func (b *Bucket) CreateSceneFile(ctx context.Context, ref job.Ref, format job.Format, body io.ReadSeeker, size int64) error {
	info, _ := format.Info()
	key := ref.SceneFileKey(format)
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: body, ContentLength: &size, ContentType: &info.MediaType}
	ifAbsent(in)
	_, err := b.api.PutObject(ctx, in, retryConflicting)
	if err = classify(err); err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("putting %s: %w", key, err)
	}
	return nil
}

// CreateScene writes scene.json unless it exists. If it does, created is false,
// and the first outcome is not changed.
func (b *Bucket) CreateScene(ctx context.Context, ref job.Ref, s *job.Scene) (created bool, err error) {
	return b.create(ctx, ref.SceneKey(), s)
}

// Scene reads scene.json.
func (b *Bucket) Scene(ctx context.Context, ref job.Ref) (*job.Scene, error) {
	s, _, err := read[job.Scene](ctx, b, ref.SceneKey())
	return s, err
}
