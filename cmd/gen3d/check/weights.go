package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/transfer"
)

// bucketReader has the operations on the model bucket that read.
type bucketReader interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// recordLimit is the maximum size of weights.json, in bytes.
const recordLimit = 4 << 20

// errIncomplete is returned for a bucket without all weights.
var errIncomplete = errors.New("incomplete")

// weightsComplete compares the bucket with weights.json, which a complete push
// writes.
func weightsComplete(ctx context.Context, w *world) Finding {
	bucket := w.env.ModelBucket()
	push := "bin/gen3d weights push --stack " + w.stack
	files, err := w.recorded(ctx, bucket)
	switch code := codeOf(err); {
	case code == "NoSuchBucket":
		if w.config.Model.Enabled {
			return fix(w.set("gen3d:model.enabled", "false")+" && make up STACK="+w.stack+" && "+push,
				"there is no bucket %s yet; deploy without the model, then push the weights", bucket)
		}
		return note(push, "there is no bucket %s yet; after the first make up, push the weights", bucket)
	case code == "NoSuchKey":
		return w.forModel(fix(push, "%s has no %s, so no push was completed; push the weights", bucket, weights.RecordKey))
	case errors.Is(err, errIncomplete):
		return w.forModel(fix(push, "%s; push the weights again", oneLine(err)))
	case err != nil:
		return unasked("s3:GetObject and s3:ListBucket", err)
	}
	return ok("%s has all %d files", bucket, files)
}

// recorded returns the number of files in weights.json, or [errIncomplete] if
// the bucket does not have one of them.
func (w *world) recorded(ctx context.Context, bucket string) (int, error) {
	out, err := w.models.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String(weights.RecordKey)})
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", weights.RecordKey, err)
	}
	defer func() { _ = out.Body.Close() }() // read to its end, or failed
	var record transfer.Record
	if err := json.NewDecoder(io.LimitReader(out.Body, recordLimit)).Decode(&record); err != nil {
		return 0, fmt.Errorf("%s is not valid JSON (%w)", weights.RecordKey, errIncomplete)
	}
	sizes := map[string]int64{}
	pages := s3.NewListObjectsV2Paginator(w.models, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(weights.Prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("listing %s: %w", bucket, err)
		}
		for _, object := range page.Contents {
			sizes[aws.ToString(object.Key)] = aws.ToInt64(object.Size)
		}
	}
	for _, file := range record.Files {
		switch size, there := sizes[weights.Prefix+file.Path]; {
		case !there:
			return 0, fmt.Errorf("%s lists %s, which the bucket does not have (%w)", weights.RecordKey, file.Path, errIncomplete)
		case size != file.Size:
			return 0, fmt.Errorf("%s has %d bytes instead of %d (%w)", file.Path, size, file.Size, errIncomplete)
		}
	}
	return len(record.Files), nil
}
