package transfer

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/weights/hub"
)

// putObject stores a file of at most one part.
func (p *pusher) putObject(ctx context.Context, f File) error {
	buf, err := p.memory.take(ctx, f.Size)
	if err != nil {
		return err
	}
	defer p.memory.put(buf)
	if err := fetch(ctx, f, buf, 0); err != nil {
		return err
	}
	sums := newSums(f)
	sums.add(buf)
	if err := sums.check(f); err != nil {
		return err
	}
	key := f.Key()
	_, err = p.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.name, Key: &key, Body: bytes.NewReader(buf), ContentType: aws.String(contentType),
		Metadata:          metadata(f),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ChecksumSHA256:    aws.String(base64.StdEncoding.EncodeToString(sums.whole.Sum(nil))),
	})
	if err != nil {
		return explain(p.name, "s3:PutObject", err)
	}
	p.reporter.Stored(f.Size)
	return nil
}

// fetch reads a range, also from a server that ignores ranges.
func fetch(ctx context.Context, f File, buf []byte, offset int64) error {
	err := f.remote.Fetch(ctx, buf, offset)
	if errors.Is(err, hub.ErrNoRanges) {
		return f.remote.FetchInOrder(ctx, buf, offset)
	}
	return err
}

const contentType = "application/octet-stream"

// metadata returns the metadata that marks the object as verified.
func metadata(f File) map[string]string { return map[string]string{digestField: string(f.Digest)} }
