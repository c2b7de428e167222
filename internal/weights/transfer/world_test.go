package transfer_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

const (
	bucket  = objectstore.ModelBucket
	partMiB = transfer.PartSize
	sam3d   = "facebook/sam-3d-objects"
	moge    = "Ruicheng/moge-vitl"
	sam2    = "facebook/sam2.1-hiera-large"
)

var (
	commit = strings.Repeat("c0", 20)
	later  = strings.Repeat("d1", 20)
)

// onMain returns the built-in sources at the commits that the hub has.
func onMain() weights.Sources {
	sources := weights.BuiltIn()
	for i := range sources.Repositories {
		sources.Repositories[i].Revision = "main"
	}
	return sources
}

// world is a hub, and an empty model bucket.
type world struct {
	t   *testing.T
	hub *hubtest.Hub
	s3  *s3.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, hub: hubtest.New(t), s3: s3test.Client(nil)}
	w.clear()
	t.Cleanup(w.clear)
	w.hub.Token, w.hub.Granted, w.hub.Gated[sam3d] = "hf_right", true, true
	w.hub.Add(moge, commit, hubtest.File{Path: "model.pt", Size: 3000, LFS: true}, hubtest.File{Path: "README.md", Text: "not wanted"})
	w.hub.Add(sam2, commit, hubtest.File{Path: "sam2.1_hiera_large.pt", Size: 2000, LFS: true})
	w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 3*partMiB + 77, LFS: true})
	return w
}

// checkpoints sets the files of the SAM 3D repository to pipeline.yaml and
// files.
func (w *world) checkpoints(commit string, files ...hubtest.File) {
	w.hub.Add(sam3d, commit, append([]hubtest.File{
		{Path: "README.md", Text: "not wanted"},
		{Path: "checkpoints/pipeline.yaml", Text: "ss_generator_config_path: ss_generator.yaml\nss_generator_ckpt_path: ss_generator.ckpt\n"},
	}, files...)...)
}

func (w *world) context() context.Context {
	return context.WithoutCancel(w.t.Context())
}

func (w *world) clear() {
	w.t.Helper()
	for _, key := range w.keys("weights/") {
		if _, err := w.s3.DeleteObject(w.context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key}); err != nil {
			w.t.Fatal(err)
		}
	}
	for key, id := range w.uploads() {
		w.abort(key, id)
	}
}

func (w *world) abort(key, id string) {
	w.t.Helper()
	if _, err := w.s3.AbortMultipartUpload(w.context(), &s3.AbortMultipartUploadInput{Bucket: aws.String(bucket), Key: &key, UploadId: &id}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) keys(prefix string) []string {
	w.t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(w.s3, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.context())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	return keys
}

// uploads returns the ids of the unfinished uploads, by key.
func (w *world) uploads() map[string]string {
	w.t.Helper()
	out, err := w.s3.ListMultipartUploads(w.context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]string{}
	for _, u := range out.Uploads {
		found[*u.Key] = *u.UploadId
	}
	return found
}

// parts returns the numbers of the parts in S3 of a key's upload.
func (w *world) parts(key string) []int32 {
	w.t.Helper()
	id, ok := w.uploads()[key]
	if !ok {
		return nil
	}
	out, err := w.s3.ListParts(w.context(), &s3.ListPartsInput{Bucket: aws.String(bucket), Key: &key, UploadId: &id})
	if err != nil {
		w.t.Fatal(err)
	}
	var numbers []int32
	for _, p := range out.Parts {
		numbers = append(numbers, *p.PartNumber)
	}
	return numbers
}

// sum returns the SHA-256 of the object in the bucket; empty if there is none.
func (w *world) sum(path string) string {
	w.t.Helper()
	out, err := w.s3.GetObject(w.context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(weights.Prefix + path)})
	if err != nil {
		if strings.Contains(err.Error(), "NoSuchKey") {
			return ""
		}
		w.t.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, out.Body); err != nil {
		w.t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (w *world) record() (record transfer.Record, there bool) {
	w.t.Helper()
	out, err := w.s3.GetObject(w.context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(weights.RecordKey)})
	if err != nil {
		return record, false
	}
	defer func() { _ = out.Body.Close() }()
	if err := json.NewDecoder(out.Body).Decode(&record); err != nil {
		w.t.Fatal(err)
	}
	return record, true
}

// tally is a [transfer.Reporter].
type tally struct {
	mu       sync.Mutex
	stored   int64
	finished []string
	// at, if not nil, is called when after bytes are stored.
	after int64
	at    func()
}

func (r *tally) Stored(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stored += n; r.at != nil && r.stored >= r.after {
		r.at()
		r.at = nil
	}
}

func (r *tally) Finished(f transfer.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = append(r.finished, f.Path)
}

func (w *world) catalog(ctx context.Context) (*transfer.Catalog, error) {
	client, err := hub.New(hub.Config{URL: w.hub.URL, Token: "hf_right", Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		return nil, err
	}
	return transfer.ReadCatalog(ctx, client, onMain())
}

func (w *world) plan() *transfer.Plan {
	w.t.Helper()
	catalog, err := w.catalog(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	plan, err := transfer.MakePlan(w.t.Context(), w.s3, bucket, catalog)
	if err != nil {
		w.t.Fatal(err)
	}
	return plan
}

// push reads the catalog, makes a plan and pushes.
func (w *world) push(ctx context.Context, store transfer.S3, r *tally) error {
	catalog, err := w.catalog(ctx)
	if err != nil {
		return err
	}
	plan, err := transfer.MakePlan(ctx, store, bucket, catalog)
	if err != nil {
		return err
	}
	return transfer.Push(ctx, store, catalog, plan, r)
}

func (w *world) mustPush() *tally {
	w.t.Helper()
	r := &tally{}
	if err := w.push(w.t.Context(), w.s3, r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// interrupt cancels a push after so many stored bytes, and returns when nothing
// is in transfer.
func (w *world) interrupt(after int64) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	if err := w.push(ctx, finishing{w.s3}, &tally{after: after, at: cancel}); err == nil {
		w.t.Fatal("the push was not interrupted")
	}
}

// finishing is an S3 whose writes outlive their context: one that is canceled
// can still change the bucket later.
type finishing struct{ transfer.S3 }

func (f finishing) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return f.S3.PutObject(context.WithoutCancel(ctx), in, options...)
}

func (f finishing) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, options ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return f.S3.CreateMultipartUpload(context.WithoutCancel(ctx), in, options...)
}

func (f finishing) UploadPart(ctx context.Context, in *s3.UploadPartInput, options ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	return f.S3.UploadPart(context.WithoutCancel(ctx), in, options...)
}

// tidy checks that the bucket has exactly the given files, with the hub's
// contents.
func (w *world) tidy(files map[string][2]string) {
	w.t.Helper()
	want := []string{weights.RecordKey}
	for path, from := range files {
		want = append(want, weights.Prefix+path)
		if got := w.sum(path); got != w.hub.SHA256(from[0], from[1]) {
			w.t.Errorf("%s has the SHA-256 %q in the bucket, %s at the hub", path, got, w.hub.SHA256(from[0], from[1]))
		}
	}
	slices.Sort(want)
	if got := w.keys("weights/"); !slices.Equal(got, want) {
		w.t.Errorf("the bucket has %q, want %q", got, want)
	}
	if left := w.uploads(); len(left) > 0 {
		w.t.Errorf("uploads are left: %v", slices.Collect(maps.Keys(left)))
	}
}

// usual are the files of a new world.
var usual = map[string][2]string{
	"sam3d/pipeline.yaml":        {sam3d, "checkpoints/pipeline.yaml"},
	"sam3d/ss_generator.ckpt":    {sam3d, "checkpoints/ss_generator.ckpt"},
	"moge/model.pt":              {moge, "model.pt"},
	"sam2/sam2.1_hiera_large.pt": {sam2, "sam2.1_hiera_large.pt"},
}

const generatorKey = weights.Prefix + "sam3d/ss_generator.ckpt"
