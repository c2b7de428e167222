package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
)

// uploadRecord describes the file of a multipart upload. S3 itself stores only
// the key.
type uploadRecord struct {
	Key      string `json:"key"`
	Digest   Digest `json:"digest"`
	Size     int64  `json:"size"`
	PartSize int64  `json:"partSize"`
}

// partRecord has the states of the digest before and after a part. It is
// written before the part.
type partRecord struct {
	SHA256 []byte `json:"sha256"` // of the part
	Before []byte `json:"before"` // states of [sums]
	After  []byte `json:"after"`
}

func recordFolder(uploadID string) string    { return weights.UploadsPrefix + uploadID + "/" }
func uploadRecordKey(uploadID string) string { return recordFolder(uploadID) + "upload.json" }
func partRecordKey(id string, n int32) string {
	return recordFolder(id) + strconv.Itoa(int(n)) + ".json"
}
func recordOf(f File) uploadRecord { return uploadRecord{f.Key(), f.Digest, f.Size, PartSize} }
func uploadOf(key string) (id string, ok bool) {
	id, _, ok = strings.Cut(strings.TrimPrefix(key, weights.UploadsPrefix), "/")
	return id, ok
}

// maxDocument is the maximum size of a JSON document, in bytes.
const maxDocument = 4 << 20

// readDocument returns false if the object does not exist or is not valid JSON;
// the caller then writes it again.
func (b *bucket) readDocument(ctx context.Context, key string, into any) (bool, error) {
	out, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, explain(b.name, "s3:GetObject", err)
	}
	defer func() { _ = out.Body.Close() }() // read to its end, or failed
	data, err := io.ReadAll(io.LimitReader(out.Body, maxDocument))
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", key, err)
	}
	return json.Unmarshal(data, into) == nil, nil
}

func (b *bucket) writeDocument(ctx context.Context, key string, document any) error {
	data, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("writing %s: %w", key, err)
	}
	_, err = b.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), ContentType: aws.String("application/json"),
	})
	return explain(b.name, "s3:PutObject", err)
}

func (b *bucket) remove(ctx context.Context, key string) error {
	_, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	return explain(b.name, "s3:DeleteObject", err)
}

// removeRecords deletes the records of an upload that has ended.
func (b *bucket) removeRecords(ctx context.Context, uploadID string) error {
	objects, err := b.list(ctx, recordFolder(uploadID))
	if err != nil {
		return err
	}
	return forEach(ctx, objects, func(ctx context.Context, o object) error { return b.remove(ctx, o.key) })
}

// sweepRecords deletes the records of uploads that were aborted by the bucket's
// lifecycle, or manually. The records are listed before the uploads, so that
// those of an upload that begins meanwhile are kept.
func (b *bucket) sweepRecords(ctx context.Context) error {
	records, err := b.list(ctx, weights.UploadsPrefix)
	if err != nil || len(records) == 0 {
		return err
	}
	uploads, err := b.uploads(ctx)
	if err != nil {
		return err
	}
	alive := map[string]bool{}
	for _, u := range uploads {
		alive[u.id] = true
	}
	var dead []object
	for _, record := range records {
		if id, ok := uploadOf(record.key); ok && !alive[id] {
			dead = append(dead, record)
		}
	}
	return forEach(ctx, dead, func(ctx context.Context, o object) error { return b.remove(ctx, o.key) })
}
