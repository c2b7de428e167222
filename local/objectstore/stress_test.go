package objectstore_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"gen3d/local/objectstore"
)

// written returns the n-th body of the test below, from which its size, ETag
// and metadata are derived. A read can therefore determine n and check that all
// parts belong together.
func written(n int) []byte {
	head := fmt.Sprintf("body %d\n", n)
	return append([]byte(head), bytes.Repeat([]byte{byte('a' + n%26)}, n*7919%60_000)...)
}

// torn returns which part of the answer to a read does not match the others, or
// "".
func torn(metadata map[string]string, etag *string, size int64, body []byte) string {
	n, err := strconv.Atoi(metadata["n"])
	if err != nil {
		return "there is no metadata"
	}
	want := written(n)
	switch sum := md5.Sum(want); {
	case size != int64(len(want)):
		return "the size is not that of the metadata"
	case !strings.Contains(aws.ToString(etag), "-") && strings.Trim(aws.ToString(etag), `"`) != hex.EncodeToString(sum[:]):
		return "the ETag is not that of the metadata"
	case body != nil && !bytes.Equal(body, want):
		return "the bytes are not those of the metadata"
	}
	return ""
}

// stress sends requests for a few keys from many clients. They do not retry, so
// that every error is seen.
type stress struct {
	*world
	s3    *s3.Client
	keys  []string
	next  atomic.Int64
	calls atomic.Int64

	mu    sync.Mutex
	wrong map[string]int
}

func (s *stress) failed(call string, err error, expected ...string) {
	if err == nil || slices.Contains(expected, code(err)) {
		return
	}
	status := 0
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	if status == http.StatusNotFound && slices.Contains(expected, "NoSuchKey") {
		return
	}
	what := code(err)
	if strings.Contains(err.Error(), "checksum") {
		what = "a checksum that does not fit"
	}
	s.note(fmt.Sprintf("%s: %d %s", call, status, what))
}

func (s *stress) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong[what]++
}

func (s *stress) seen(call, what string) {
	if what != "" {
		s.note(call + ": " + what)
	}
}

func (s *stress) one(random *rand.Rand) {
	s.calls.Add(1)
	ctx, bucket := s.Context(), aws.String(objectstore.DataBucket)
	key := s.keys[random.IntN(len(s.keys))]
	n := int(s.next.Add(1))
	metadata := map[string]string{"n": strconv.Itoa(n)}
	switch random.IntN(12) {
	case 0, 1:
		_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(written(n)), Metadata: metadata})
		s.failed("PUT", err)
	case 2:
		_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: &key, Body: bytes.NewReader(written(n)), Metadata: metadata, IfNoneMatch: aws.String("*"),
		})
		s.failed("PUT If-None-Match", err, "PreconditionFailed", "ConditionalRequestConflict")
	case 3, 4:
		out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
		s.failed("GET", err, "NoSuchKey")
		if err == nil {
			body, err := io.ReadAll(out.Body)
			s.failed("reading a GET", errors.Join(err, out.Body.Close()))
			s.seen("GET", torn(out.Metadata, out.ETag, *out.ContentLength, body))
		}
	case 5:
		out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key, Range: aws.String("bytes=2-6")})
		s.failed("GET Range", err, "NoSuchKey")
		if err == nil {
			body, err := io.ReadAll(out.Body)
			s.failed("reading a GET Range", errors.Join(err, out.Body.Close()))
			_, total, _ := strings.Cut(aws.ToString(out.ContentRange), "/")
			size, _ := strconv.Atoi(total) // 0 is a mismatch
			s.seen("GET Range", torn(out.Metadata, out.ETag, int64(size), nil))
			if string(body) != "dy "+metadataDigits(out.Metadata["n"]) {
				s.note("GET Range: the bytes are not those of the metadata")
			}
		}
	case 6, 7:
		out, err := s.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &key})
		s.failed("HEAD", err, "NoSuchKey")
		if err == nil {
			s.seen("HEAD", torn(out.Metadata, out.ETag, *out.ContentLength, nil))
			s.oneVersion(key, out, random.IntN(3) == 0)
		}
	case 8:
		_, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key})
		s.failed("DELETE", err)
	case 9:
		other := s.keys[random.IntN(len(s.keys))]
		if other == key {
			_, err := s.s3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{
				Objects: []types.ObjectIdentifier{{Key: &key}, {Key: aws.String("users/u/input/never.jpg")}},
			}})
			s.failed("DeleteObjects", err)
			return
		}
		_, err := s.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: &other, CopySource: aws.String(*bucket + "/" + key)})
		s.failed("COPY", err, "NoSuchKey")
	case 10:
		out, err := s.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("users/")})
		s.failed("LIST", err)
		if err == nil {
			for _, object := range out.Contents {
				s.seen("LIST", s.tornInList(object))
			}
		}
	case 11:
		s.multipart(key, n, metadata)
	}
}

// oneVersion reads the version that a HEAD has returned, and can delete it.
func (s *stress) oneVersion(key string, head *s3.HeadObjectOutput, remove bool) {
	if head.VersionId == nil {
		return
	}
	ctx, bucket := s.Context(), aws.String(objectstore.DataBucket)
	out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key, VersionId: head.VersionId})
	s.failed("GET of a version", err, "NoSuchKey", "NoSuchVersion")
	if err == nil {
		body, err := io.ReadAll(out.Body)
		s.failed("reading a GET of a version", errors.Join(err, out.Body.Close()))
		s.seen("GET of a version", torn(out.Metadata, out.ETag, *out.ContentLength, body))
		if out.Metadata["n"] != head.Metadata["n"] || aws.ToString(out.VersionId) != *head.VersionId {
			s.note("GET of a version: another one")
		}
	}
	if remove {
		_, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key, VersionId: head.VersionId})
		s.failed("DELETE of a version", err)
	}
}

// metadataDigits returns the two characters of a body after "body ". A single
// digit is followed by the end of the line.
func metadataDigits(n string) string {
	digits := n + "\n."
	return digits[:2]
}

// tornInList identifies the body of an entry by its ETag, which is not an MD5
// after a multipart upload.
func (s *stress) tornInList(object types.Object) string {
	if !slices.Contains(s.keys, *object.Key) {
		return "a key that was never put"
	}
	etag := strings.Trim(aws.ToString(object.ETag), `"`)
	if strings.Contains(etag, "-") {
		return ""
	}
	for n := 1; n <= int(s.next.Load()); n++ {
		if body := sums(n); body.etag == etag {
			if body.size != *object.Size {
				return "a size that is not the ETag's"
			}
			return ""
		}
	}
	return "an ETag of nothing that was put"
}

type sum struct {
	etag string
	size int64
}

var knownSums sync.Map

func sums(n int) sum {
	if known, ok := knownSums.Load(n); ok {
		return known.(sum)
	}
	body := written(n)
	hash := md5.Sum(body)
	made := sum{hex.EncodeToString(hash[:]), int64(len(body))}
	knownSums.Store(n, made)
	return made
}

func (s *stress) multipart(key string, n int, metadata map[string]string) {
	ctx, bucket := s.Context(), aws.String(objectstore.DataBucket)
	upload, err := s.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key, Metadata: metadata})
	if s.failed("starting a multipart upload", err); err != nil {
		return
	}
	part, err := s.s3.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: bucket, Key: &key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(written(n)),
	})
	if s.failed("a part", err); err != nil {
		return
	}
	_, err = s.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{
			Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32}},
		},
	})
	s.failed("completing a multipart upload", err)
}

func TestConcurrentClientsReadWholeObjects(t *testing.T) {
	const clients, each = 16, 100
	w := newWorld(t)
	s := &stress{world: w, s3: once(w.addr), wrong: map[string]int{}, keys: []string{
		"users/u/input/a.jpg", "users/u/input/b.jpg", "users/u/output/j/notified.json", "users/u/output/j/1/mesh.glb", "users/v/output/k/job.json",
	}}
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(client), 7))
			for range each {
				s.one(random)
			}
		})
	}
	all.Wait()
	for what, n := range s.wrong {
		t.Errorf("%s (%d of %d calls)", what, n, s.calls.Load())
	}
}
