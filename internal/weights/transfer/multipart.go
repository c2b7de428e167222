package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"gen3d/internal/weights/hub"
)

// part is a part that is copied from the hub to S3, or one that S3 already has.
type part struct {
	number   int32
	existing *partRecord // set if S3 has the part
	buf      []byte      // else: its bytes, after fetched
	// fetched receives one value: nil when buf is filled.
	fetched chan error
}

// putMultipart stores a file as a multipart upload, resuming u if not nil. It
// returns how many bytes of that upload it has counted as stored, and
// [errUnusable] if the file must be started again.
func (p *pusher) putMultipart(ctx context.Context, f File, u *upload) (stored int64, err error) {
	j := &multipart{pusher: p, file: f, sums: newSums(f), checksums: make([]string, partsOf(f))}
	defer j.release()
	if err := j.begin(ctx, u); err != nil {
		return j.counted(), err
	}
	g, group := errgroup.WithContext(ctx)
	parts := make(chan *part, partsOf(f))
	g.Go(func() error {
		defer close(parts)
		return j.fetchAll(group, g, parts)
	})
	g.Go(func() error { return j.hashAll(group, g, parts) })
	if err := g.Wait(); err != nil {
		return j.counted(), j.ended(ctx, err)
	}
	if err := j.sums.check(f); err != nil {
		return j.counted(), errors.Join(err, j.abort(ctx))
	}
	return j.counted(), j.ended(ctx, j.complete(ctx))
}

// multipart is a multipart upload in progress.
type multipart struct {
	*pusher
	file     File
	id       string
	existing map[int32]*partRecord
	sums     *sums // of the parts so far, in order
	// checksums are those of the parts in sums, in S3's format, by part number
	// minus one.
	checksums []string
	bytes     atomic.Int64 // counted as stored

	mu      sync.Mutex
	buffers map[*part]bool // whose buffers are in use
}

func (j *multipart) counted() int64 { return j.bytes.Load() }

// begin reads the parts of the upload in S3, or creates an upload.
func (j *multipart) begin(ctx context.Context, u *upload) error {
	j.existing = map[int32]*partRecord{}
	if u == nil {
		return j.create(ctx)
	}
	j.id = u.id
	j.bytes.Store(u.bytes)
	numbers := make([]int32, 0, len(u.parts))
	for n := range u.parts {
		numbers = append(numbers, n)
	}
	var unknown atomic.Int64
	err := forEach(ctx, numbers, func(ctx context.Context, n int32) error {
		var record partRecord
		there, err := j.readDocument(ctx, partRecordKey(j.id, n), &record)
		if err != nil {
			return err
		}
		if !there || base64.StdEncoding.EncodeToString(record.SHA256) != aws.ToString(u.parts[n].ChecksumSHA256) {
			unknown.Add(partLength(j.file, n))
			return nil
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.existing[n] = &record
		return nil
	})
	if err == nil && unknown.Load() > 0 {
		j.count(-unknown.Load()) // fetched again
	}
	return err
}

func (j *multipart) count(n int64) {
	j.bytes.Add(n)
	j.reporter.Stored(n)
}

func (j *multipart) create(ctx context.Context) error {
	key := j.file.Key()
	out, err := j.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &j.name, Key: &key, ContentType: aws.String(contentType), Metadata: metadata(j.file),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumType: types.ChecksumTypeComposite,
	})
	if err != nil {
		return explain(j.name, "s3:PutObject", err)
	}
	j.id = aws.ToString(out.UploadId)
	return j.writeDocument(ctx, uploadRecordKey(j.id), recordOf(j.file))
}

// fetchAll starts the parts in order, as memory becomes free. The next part to
// be hashed always has its buffer already, so there is no deadlock.
func (j *multipart) fetchAll(ctx context.Context, g *errgroup.Group, parts chan<- *part) error {
	for n := int32(1); n <= partsOf(j.file); n++ {
		pt := &part{number: n, existing: j.existing[n]}
		if pt.existing == nil {
			buf, err := j.memory.take(ctx, partLength(j.file, n))
			if err != nil {
				return err
			}
			pt.buf, pt.fetched = buf, make(chan error, 1)
			j.reserve(pt)
			g.Go(func() error {
				pt.fetched <- j.file.remote.Fetch(ctx, pt.buf, int64(pt.number-1)*PartSize)
				return nil
			})
		}
		parts <- pt // the channel's capacity is the number of parts
	}
	return nil
}

// hashAll adds the parts to the digest in order, and sends each to S3.
func (j *multipart) hashAll(ctx context.Context, g *errgroup.Group, parts <-chan *part) error {
	for pt := range parts {
		before, err := j.sums.state()
		if err != nil {
			return err
		}
		if pt.existing != nil {
			if !bytes.Equal(before, pt.existing.Before) {
				return errUnusable // the bytes before this part differ from the earlier run's
			}
			if err := j.sums.resume(pt.existing.After); err != nil {
				return errUnusable
			}
			j.checksums[pt.number-1] = base64.StdEncoding.EncodeToString(pt.existing.SHA256)
			continue
		}
		select {
		case err = <-pt.fetched:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if errors.Is(err, hub.ErrNoRanges) {
			err = j.file.remote.FetchInOrder(ctx, pt.buf, int64(pt.number-1)*PartSize)
		}
		if err != nil {
			return err
		}
		j.sums.add(pt.buf)
		after, err := j.sums.state()
		if err != nil {
			return err
		}
		own := sha256.Sum256(pt.buf)
		j.checksums[pt.number-1] = base64.StdEncoding.EncodeToString(own[:])
		record := partRecord{SHA256: own[:], Before: before, After: after}
		g.Go(func() error { return j.send(ctx, pt, record) })
	}
	return nil
}

// send writes the record and then the part, so that every part has a record.
func (j *multipart) send(ctx context.Context, pt *part, record partRecord) error {
	if err := j.writeDocument(ctx, partRecordKey(j.id, pt.number), record); err != nil {
		return err
	}
	key := j.file.Key()
	_, err := j.s3.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &j.name, Key: &key, UploadId: &j.id, PartNumber: &pt.number, Body: bytes.NewReader(pt.buf),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumSHA256: &j.checksums[pt.number-1],
	})
	if isGone(err) {
		return errUnusable
	}
	if err != nil {
		return explain(j.name, "s3:PutObject", err)
	}
	j.count(int64(len(pt.buf)))
	j.free(pt)
	return nil
}

// maxRaces is how often parts may change between listing and completing them.
const maxRaces = 5

// complete completes the upload with exactly the parts in the digest.
func (j *multipart) complete(ctx context.Context) error {
	key := j.file.Key()
	for race := 1; ; race++ {
		uploaded, _, err := j.parts(ctx, j.file, j.id)
		if err != nil {
			return err
		}
		completed := make([]types.CompletedPart, len(j.checksums))
		for i, checksum := range j.checksums {
			has := uploaded[int32(i+1)]
			if aws.ToString(has.ChecksumSHA256) != checksum {
				return errUnusable // another push has sent other bytes
			}
			completed[i] = types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: has.ETag, ChecksumSHA256: has.ChecksumSHA256}
		}
		_, err = j.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &j.name, Key: &key, UploadId: &j.id, MpuObjectSize: &j.file.Size,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: completed},
		})
		switch {
		case codeOf(err) == "InvalidPart" && race < maxRaces:
			continue // another push has sent a part again, which changes its ETag with a KMS key
		case isGone(err):
			return err
		case err != nil:
			return explain(j.name, "s3:PutObject", err)
		}
		if err := j.awaitObject(ctx); err != nil {
			return err
		}
		return j.removeRecords(ctx, j.id)
	}
}

// awaitObject waits until the object exists: if two pushes complete an upload
// concurrently, one call can return before the other is done.
func (j *multipart) awaitObject(ctx context.Context) error {
	const most = 10 * time.Minute
	deadline := time.NewTimer(most)
	defer deadline.Stop()
	for {
		verified, err := j.present(ctx, j.file)
		if err != nil || verified {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.C:
			return fmt.Errorf("S3 took the parts of %s, but shows no such object after %s: run the same command again", j.file.Key(), most)
		case <-time.After(time.Second):
		}
	}
}

// ended cleans up after an upload that cannot be resumed.
func (j *multipart) ended(ctx context.Context, err error) error {
	switch {
	case isGone(err):
		err = errUnusable
	case !errors.Is(err, errUnusable):
		return err
	}
	return errors.Join(err, j.abort(ctx))
}

// abort aborts the upload, even after ctx has ended: it must not be resumed.
// The records are deleted first, because a part in transfer can outlive the
// upload.
func (j *multipart) abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	failed := j.removeRecords(ctx, j.id)
	key := j.file.Key()
	_, err := j.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &j.name, Key: &key, UploadId: &j.id})
	if err != nil && !isGone(err) {
		return errors.Join(failed, explain(j.name, "s3:AbortMultipartUpload", err))
	}
	return failed
}

func (j *multipart) reserve(pt *part) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.buffers == nil {
		j.buffers = map[*part]bool{}
	}
	j.buffers[pt] = true
}

func (j *multipart) free(pt *part) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.buffers[pt] {
		delete(j.buffers, pt)
		j.memory.put(pt.buf)
	}
}

// release frees the buffers of the parts that were not sent to S3, after their
// last use.
func (j *multipart) release() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for pt := range j.buffers {
		j.memory.put(pt.buf)
	}
	j.buffers = nil
}
