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

// part is one on its way from the hub to S3, or one that S3 holds.
type part struct {
	number int32
	held   *partRecord // S3 has it
	buf    []byte      // else: its bytes, once fetched says so
	// fetched takes one value: nil when buf is filled.
	fetched chan error
}

// putInParts stores a file as a multipart upload, going on with u where there is one.
// It returns how many bytes of that upload it has counted as stored, and
// [errUnusable] where the file must be begun anew.
func (p *pusher) putInParts(ctx context.Context, f File, u *upload) (stored int64, err error) {
	j := &joint{pusher: p, file: f, sums: newSums(f), checksums: make([]string, partsOf(f))}
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
		return j.counted(), errors.Join(err, j.abandon(ctx))
	}
	return j.counted(), j.ended(ctx, j.complete(ctx))
}

// joint is one multipart upload on the way.
type joint struct {
	*pusher
	file File
	id   string
	held map[int32]*partRecord
	sums *sums // of the parts so far, in order
	// checksums are those of the parts that went into sums, as S3 writes them; by
	// number less one.
	checksums []string
	bytes     atomic.Int64 // counted as stored

	mu    sync.Mutex
	rooms map[*part]bool // that hold memory
}

func (j *joint) counted() int64 { return j.bytes.Load() }

// begin finds out what S3 holds of the upload, or makes one.
func (j *joint) begin(ctx context.Context, u *upload) error {
	j.held = map[int32]*partRecord{}
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
		j.held[n] = &record
		return nil
	})
	if err == nil && unknown.Load() > 0 {
		j.count(-unknown.Load()) // fetched again
	}
	return err
}

func (j *joint) count(n int64) {
	j.bytes.Add(n)
	j.reporter.Stored(n)
}

func (j *joint) create(ctx context.Context) error {
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

// fetchAll starts the parts in order, as memory becomes free. The one that is to be
// hashed next always has its room already, so none waits for ever.
func (j *joint) fetchAll(ctx context.Context, g *errgroup.Group, parts chan<- *part) error {
	for n := int32(1); n <= partsOf(j.file); n++ {
		pt := &part{number: n, held: j.held[n]}
		if pt.held == nil {
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
		parts <- pt // there is room for all
	}
	return nil
}

// hashAll takes the parts in order into the digest, and sends each to S3.
func (j *joint) hashAll(ctx context.Context, g *errgroup.Group, parts <-chan *part) error {
	for pt := range parts {
		before, err := j.sums.state()
		if err != nil {
			return err
		}
		if pt.held != nil {
			if !bytes.Equal(before, pt.held.Before) {
				return errUnusable // the bytes before this part are not those of the earlier run
			}
			if err := j.sums.resume(pt.held.After); err != nil {
				return errUnusable
			}
			j.checksums[pt.number-1] = base64.StdEncoding.EncodeToString(pt.held.SHA256)
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

// send writes the record and then the part, so that no part is without its record.
func (j *joint) send(ctx context.Context, pt *part, record partRecord) error {
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

// maxRaces bounds how often parts may change between listing and completing them.
const maxRaces = 5

// complete makes the object, of exactly the parts that went into the digest.
func (j *joint) complete(ctx context.Context) error {
	key := j.file.Key()
	for race := 1; ; race++ {
		held, _, err := j.parts(ctx, j.file, j.id)
		if err != nil {
			return err
		}
		completed := make([]types.CompletedPart, len(j.checksums))
		for i, checksum := range j.checksums {
			has := held[int32(i+1)]
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
			continue // sent again by another push since it was listed: with a KMS key that changes the ETag
		case isGone(err):
			return err
		case err != nil:
			return explain(j.name, "s3:PutObject", err)
		}
		if err := j.appears(ctx); err != nil {
			return err
		}
		return j.removeRecords(ctx, j.id)
	}
}

// appears waits until the object is there: of two that complete an upload at once,
// one can be told so before the other is done.
func (j *joint) appears(ctx context.Context) error {
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

// ended tidies up after an upload that cannot be gone on with.
func (j *joint) ended(ctx context.Context, err error) error {
	switch {
	case isGone(err):
		err = errUnusable
	case !errors.Is(err, errUnusable):
		return err
	}
	return errors.Join(err, j.abandon(ctx))
}

// abandon throws away what S3 holds of the upload, even where the push is ending: it
// must not be gone on with. The records go first, because a part that is on its way
// can outlive the upload.
func (j *joint) abandon(ctx context.Context) error {
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

func (j *joint) reserve(pt *part) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.rooms == nil {
		j.rooms = map[*part]bool{}
	}
	j.rooms[pt] = true
}

func (j *joint) free(pt *part) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.rooms[pt] {
		delete(j.rooms, pt)
		j.memory.give(pt.buf)
	}
}

// release gives back the memory of the parts that did not get to S3; nothing uses it
// any more.
func (j *joint) release() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for pt := range j.rooms {
		j.memory.give(pt.buf)
	}
	j.rooms = nil
}
