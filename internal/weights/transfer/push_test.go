package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/s3test"
)

func TestPushStoresEveryFile(t *testing.T) {
	w := newWorld(t)
	w.hub.PageSize = 3
	files := map[string]hubtest.File{
		"ss_generator.ckpt":        {Size: 5*partMiB + 77, LFS: true},
		"exactly two parts.ckpt":   {Size: 2 * partMiB, LFS: true},
		"exactly one part.ckpt":    {Size: partMiB, LFS: true},
		"big but of git.yaml":      {Size: partMiB + 1},
		"empty.safetensors":        {},
		"empty and large.ckpt":     {LFS: true},
		"deeper/größe + 100%.ckpt": {Size: partMiB + 5, LFS: true},
		"deeper/name#with?signs":   {Size: 50},
	}
	want := map[string][2]string{}
	for path, from := range usual {
		want[path] = from
	}
	var all []hubtest.File
	for name, file := range files {
		file.Path = "checkpoints/" + name
		all = append(all, file)
		want["sam3d/"+name] = [2]string{sam3d, file.Path}
	}
	w.checkpoints(commit, all...)
	before := w.plan()
	if size, uploaded := before.Size(); uploaded != 0 || before.Finished() || len(before.Items) != len(want) {
		t.Fatalf("before, %d of %d bytes and %d files are there", uploaded, size, len(before.Items))
	}
	r := w.mustPush()
	w.tidy(want)
	size, _ := before.Size()
	if r.stored != size || len(r.finished) != len(want) {
		t.Errorf("%d bytes and %d files were reported, want %d and %d", r.stored, len(r.finished), size, len(want))
	}
	record, _ := w.record()
	if len(record.Files) != len(want) || len(record.Sources) != 3 || record.Sources[0].Commit != commit || record.Sources[0].Revision != "main" {
		t.Errorf("weights.json is %+v", record)
	}
	for _, f := range record.Files {
		if digest := "sha256:" + w.hub.SHA256(want[f.Path][0], want[f.Path][1]); strings.HasPrefix(string(f.Digest), "sha256:") && string(f.Digest) != digest {
			t.Errorf("weights.json says %s of %s, want %s", f.Digest, f.Path, digest)
		}
	}
	if after := w.plan(); !after.Finished() || len(after.Extraneous) > 0 {
		t.Errorf("afterwards the plan is %+v", after)
	}
	w.hub.Forget()
	if r := w.mustPush(); r.stored != 0 || len(r.finished) != 0 {
		t.Errorf("a second push stored %d bytes", r.stored)
	}
	for _, request := range w.hub.Requests() {
		if request.Storage {
			t.Errorf("a second push downloaded %s", request.Path)
		}
	}
}

func TestDroppedConnectionsDownloadNothingTwice(t *testing.T) {
	w := newWorld(t)
	w.hub.Cut = 700_001
	w.mustPush()
	w.tidy(usual)
	plan := w.plan()
	size, _ := plan.Size()
	// ReadCatalog downloads pipeline.yaml each time.
	if served, most := w.hub.Served(), size+1000; served > most {
		t.Errorf("%d bytes were downloaded of %d", served, size)
	}
}

func TestWrongBytesAreNotStored(t *testing.T) {
	for path, file := range map[string]string{"sam3d/ss_generator.ckpt": "checkpoints/ss_generator.ckpt", "sam3d/small.ckpt": "checkpoints/small.ckpt"} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 3*partMiB + 1, LFS: true}, hubtest.File{Path: "checkpoints/small.ckpt", Size: 99, LFS: true})
			w.hub.Corrupt(sam3d, file, true)
			err := w.push(t.Context(), w.s3, &tally{})
			var wrong *transfer.WrongBytes
			if !errors.As(err, &wrong) || wrong.File.Path != path || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), w.hub.SHA256(sam3d, file)) {
				t.Fatalf("the error is %v", err)
			}
			if got := w.sum(path); got != "" {
				t.Errorf("%s is in the bucket with SHA-256 %s", path, got)
			}
			if parts := w.parts(weights.Prefix + path); len(parts) > 0 {
				t.Errorf("parts %v of wrong bytes are left", parts)
			}
			if _, there := w.record(); there {
				t.Error("there is a weights.json")
			}
			w.hub.Corrupt(sam3d, file, false)
			w.mustPush()
			if got := w.sum(path); got != w.hub.SHA256(sam3d, file) {
				t.Errorf("in the end %s has SHA-256 %q", path, got)
			}
		})
	}
}

func TestInterruptedPushIsResumed(t *testing.T) {
	w := newWorld(t)
	w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 24*partMiB + 77, LFS: true})
	w.hub.Rate = 40 << 20
	uploaded := map[int32]bool{}
	for round := range 2 {
		w.hub.Forget()
		w.interrupt(3 * partMiB)
		for _, request := range w.hub.Requests() {
			var first, last int64
			if n, _ := fmt.Sscanf(request.Range, "bytes=%d-%d", &first, &last); n == 2 && request.Storage && strings.Contains(request.Path, "generator") && uploaded[int32(first/partMiB)+1] {
				t.Errorf("round %d downloaded part %d again", round, first/partMiB+1)
			}
		}
		numbers := w.parts(generatorKey)
		if len(numbers) < 2*(round+1) {
			t.Fatalf("after %d rounds S3 has the parts %v", round+1, numbers)
		}
		for _, n := range numbers {
			uploaded[n] = true
		}
		plan := w.plan()
		at := slices.IndexFunc(plan.Items, func(i transfer.Item) bool { return i.Path == "sam3d/ss_generator.ckpt" })
		if item := plan.Items[at]; item.State != transfer.Partly || item.Uploaded != int64(len(numbers))*partMiB {
			t.Errorf("the plan says %s, %d bytes; S3 has the parts %v", item.State, item.Uploaded, numbers)
		}
	}
	w.hub.Change(func(h *hubtest.Hub) { h.Rate = 0 })
	w.hub.Forget()
	before := w.plan()
	size, there := before.Size()
	r := w.mustPush()
	w.tidy(usual)
	if r.stored != size-there {
		t.Errorf("%d bytes were stored, %d of %d were missing", r.stored, size-there, size)
	}
	if served, most := w.hub.Served(), size-there+1000; served > most {
		t.Errorf("%d bytes were downloaded, %d were missing", served, size-there)
	}
}

func TestWrongPartsOfAnEarlierPushAreDetected(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 40 << 20
	w.hub.Corrupt(sam3d, "checkpoints/ss_generator.ckpt", true)
	w.interrupt(2 * partMiB)
	w.hub.Corrupt(sam3d, "checkpoints/ss_generator.ckpt", false)
	if len(w.parts(generatorKey)) == 0 {
		t.Fatal("S3 has no part")
	}
	err := w.push(t.Context(), w.s3, &tally{})
	if err == nil {
		// The parts were inconsistent, which was detected.
		w.tidy(usual)
		return
	}
	if wrong := new(transfer.WrongBytes); !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	if w.sum("sam3d/ss_generator.ckpt") != "" || len(w.parts(generatorKey)) != 0 {
		t.Error("wrong bytes are left")
	}
	w.mustPush()
	w.tidy(usual)
}

func TestPartsWithoutRecordsAreFetchedAgain(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 40 << 20
	w.interrupt(3 * partMiB)
	id := w.uploads()[generatorKey]
	for _, key := range w.keys(weights.UploadsPrefix + id + "/") {
		if strings.HasSuffix(key, "/upload.json") {
			continue
		}
		if _, err := w.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	w.mustPush()
	w.tidy(usual)
}

func TestUploadAbortedByTheLifecycleIsRestarted(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 40 << 20
	w.interrupt(2 * partMiB)
	w.abort(generatorKey, w.uploads()[generatorKey])
	w.mustPush()
	w.tidy(usual) // and no records of the ended one
}

func TestUploadAbortedDuringThePushIsRestarted(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 100 << 20
	r := &tally{after: 2 * partMiB, at: func() { w.abort(generatorKey, w.uploads()[generatorKey]) }}
	if err := w.push(t.Context(), w.s3, r); err != nil {
		t.Fatal(err)
	}
	w.tidy(usual)
	plan := w.plan()
	if size, _ := plan.Size(); r.stored != size {
		t.Errorf("%d bytes are reported as stored, of %d", r.stored, size)
	}
}

func TestNewerVersionReplacesObjectsAndUploads(t *testing.T) {
	w := newWorld(t)
	w.mustPush()
	w.checkpoints(later, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 4*partMiB + 9, LFS: true})
	w.hub.Rate = 40 << 20
	w.interrupt(2 * partMiB)
	if _, there := w.record(); there {
		t.Error("weights.json is there while the push is half done")
	}
	// Yet another version, of the same size.
	again := strings.Repeat("e2", 20)
	w.checkpoints(again, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 4*partMiB + 9, LFS: true})
	w.mustPush()
	if got, want := w.sum("sam3d/ss_generator.ckpt"), w.hub.SHA256(sam3d, "checkpoints/ss_generator.ckpt"); got != want {
		t.Errorf("the file has SHA-256 %s, want %s", got, want)
	}
	record, there := w.record()
	if !there || record.Sources[0].Commit != again {
		t.Errorf("weights.json is %+v", record)
	}
}

func TestConcurrentPushesStoreTheRightFiles(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 60 << 20
	w.interrupt(partMiB) // so that both find the same upload
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := w.push(t.Context(), s3test.Client(nil), &tally{}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	w.mustPush() // deletes what the slower one wrote for an upload that the other ended
	for path, from := range usual {
		if got := w.sum(path); got != w.hub.SHA256(from[0], from[1]) {
			t.Errorf("%s has SHA-256 %s", path, got)
		}
	}
	if !w.plan().Finished() {
		t.Error("the bucket is not finished")
	}
}

// racing is an S3 in which another push sends a part again before the first
// completion, which changes the part's ETag with a KMS key.
type racing struct {
	*s3.Client
	races int
}

func (r *racing) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, o ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	if r.races > 0 {
		r.races--
		return nil, &smithy.GenericAPIError{Code: "InvalidPart", Message: "One or more of the specified parts could not be found"}
	}
	return r.Client.CompleteMultipartUpload(ctx, in, o...)
}

func TestCompletionIsRetriedAfterARace(t *testing.T) {
	w := newWorld(t)
	if err := w.push(t.Context(), &racing{Client: w.s3, races: 2}, &tally{}); err != nil {
		t.Fatal(err)
	}
	w.tidy(usual)
}

// swapping is an S3 in which another push has sent other bytes as a part.
type swapping struct {
	*s3.Client
	once sync.Once
}

func (s *swapping) UploadPart(ctx context.Context, in *s3.UploadPartInput, o ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	out, err := s.Client.UploadPart(ctx, in, o...)
	if *in.PartNumber == 2 {
		s.once.Do(func() {
			other := *in
			other.Body, other.ChecksumSHA256 = strings.NewReader(strings.Repeat("x", partMiB)), nil
			if _, failed := s.Client.UploadPart(ctx, &other); failed != nil {
				err = failed
			}
		})
	}
	return out, err
}

func TestPartReplacedByAnotherPushIsNotUsed(t *testing.T) {
	w := newWorld(t)
	if err := w.push(t.Context(), &swapping{Client: w.s3}, &tally{}); err != nil {
		t.Fatal(err)
	}
	w.tidy(usual)
}

func TestStorageWithoutRanges(t *testing.T) {
	w := newWorld(t)
	w.hub.NoRanges = true
	w.mustPush()
	w.tidy(usual)
}

func TestUnverifiedAndExtraneousObjects(t *testing.T) {
	w := newWorld(t)
	for key, body := range map[string]string{
		weights.Prefix + "moge/model.pt":       strings.Repeat("x", 3000), // the right size, but unverified
		weights.Prefix + "ss_generator.ckpt":   "key of an older layout",
		weights.Prefix + "sam3d/pipeline.yaml": "short",
	} {
		if _, err := w.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)}); err != nil {
			t.Fatal(err)
		}
	}
	plan := w.plan()
	if !slices.Equal(plan.Extraneous, []string{weights.Prefix + "ss_generator.ckpt"}) || plan.ExtraneousBytes != 22 {
		t.Errorf("the extraneous objects are %v, %d bytes", plan.Extraneous, plan.ExtraneousBytes)
	}
	w.mustPush()
	for path, from := range usual {
		if got := w.sum(path); got != w.hub.SHA256(from[0], from[1]) {
			t.Errorf("%s has SHA-256 %s", path, got)
		}
	}
}

func TestTemporaryHubFailuresAreRetried(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	asked := 0
	w.hub.Fault = func(rw http.ResponseWriter, _ *http.Request, storage bool) bool {
		mu.Lock()
		defer mu.Unlock()
		asked++
		switch {
		case asked%5 == 1 && !storage:
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusTooManyRequests)
		case asked%5 == 2:
			rw.WriteHeader(http.StatusInternalServerError)
		case asked%5 == 3:
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	}
	w.mustPush()
	w.tidy(usual)
}

func TestLostAccessIsReportedAndKeepsTheParts(t *testing.T) {
	w := newWorld(t)
	w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 24*partMiB + 77, LFS: true})
	w.hub.Rate = 40 << 20
	r := &tally{after: partMiB, at: func() {
		w.hub.Change(func(h *hubtest.Hub) {
			h.Granted = false
			h.Fault = func(rw http.ResponseWriter, _ *http.Request, storage bool) bool {
				if storage {
					rw.WriteHeader(http.StatusForbidden) // the link has expired
				}
				return storage
			}
		})
	}}
	err := w.push(t.Context(), w.s3, r)
	if refusal := new(hub.Refusal); !errors.As(err, &refusal) || refusal.Reason != hub.NotGranted {
		t.Fatalf("the error is %v", err)
	}
	w.hub.Change(func(h *hubtest.Hub) { h.Granted, h.Fault = true, nil })
	if len(w.parts(generatorKey)) == 0 {
		t.Error("the parts are gone")
	}
	w.mustPush()
	w.tidy(usual)
}

func TestCheckBucketExplainsProblems(t *testing.T) {
	check := func(name string, change func(*s3.Options)) error {
		client := s3.NewFromConfig(s3test.Config(), func(o *s3.Options) {
			o.UsePathStyle, o.RetryMaxAttempts = true, 1
			if change != nil {
				change(o)
			}
		})
		return transfer.CheckBucket(t.Context(), client, name)
	}
	if err := check(bucket, nil); err != nil {
		t.Errorf("the right bucket: %v", err)
	}
	for says, err := range map[string]error{
		"there is no bucket nowhere": check("nowhere", nil),
		"refuses the credentials": check(bucket, func(o *s3.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider(objectstore.AccessKey, "nothing", "")
		}),
		"cannot be reached": check(bucket, func(o *s3.Options) { o.BaseEndpoint = aws.String("http://127.0.0.1:1") }),
		"no usable AWS credentials": check(bucket, func(o *s3.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("none anywhere")
			})
		}),
	} {
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), ": ") {
			t.Errorf("the error is %v; it should say %q", err, says)
		}
	}
}

func TestDINOv2IsPushedOnlyIfNeeded(t *testing.T) {
	w := newWorld(t)
	encoder := strings.Repeat("encoder ", 1<<20) + "end" // more than one part
	served := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/dinov2/dinov2_vitl14/dinov2_vitl14_reg4_pretrain.pth" || r.Header.Get("Authorization") != "" {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("ETag", `"abc-3"`)
		http.ServeContent(rw, r, "", time.Time{}, strings.NewReader(encoder))
	}))
	defer served.Close()
	sources := weights.BuiltIn()
	sources.DINOv2.URL = served.URL + "/dinov2"
	client, err := hub.New(hub.Config{URL: w.hub.URL, Token: "hf_right"})
	if err != nil {
		t.Fatal(err)
	}
	without, err := transfer.ReadCatalog(t.Context(), client, sources)
	if err != nil || len(without.Files) != len(usual) {
		t.Fatalf("with a .ckpt there are %d files, %v", len(without.Files), err)
	}
	w.hub.Add(sam3d, commit,
		hubtest.File{Path: "checkpoints/pipeline.yaml", Text: "slat_generator_config_path: g.yaml\nslat_generator_ckpt_path: g.safetensors\nss_generator_ckpt_path: s.ckpt\n"},
		hubtest.File{Path: "checkpoints/g.yaml", Text: "module:\n  embedders:\n  - - _target_: sam3d_objects.model.backbone.dit.embedder.dino.Dino\n      dino_model: dinov2_vitl14_reg\n  - _target_: sam3d_objects.model.backbone.dit.embedder.dino.Dino\n    dino_model: dinov2_vitl14_reg\n"},
		hubtest.File{Path: "checkpoints/g.safetensors", Size: 10, LFS: true},
	)
	catalog, err := transfer.ReadCatalog(t.Context(), client, sources)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := transfer.MakePlan(t.Context(), w.s3, bucket, catalog)
	if err != nil {
		t.Fatal(err)
	}
	if err := transfer.Push(t.Context(), w.s3, catalog, plan, &tally{}); err != nil {
		t.Fatal(err)
	}
	const key = weights.Prefix + "dinov2/hub/checkpoints/dinov2_vitl14_reg4_pretrain.pth"
	head, err := w.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil || *head.ContentLength != int64(len(encoder)) {
		t.Errorf("%s: %v", key, err)
	}
	if again, err := transfer.MakePlan(t.Context(), w.s3, bucket, catalog); err != nil || !again.Finished() {
		t.Errorf("a plan afterwards is not finished: %v", err)
	}
	w.hub.Add(sam3d, commit,
		hubtest.File{Path: "checkpoints/pipeline.yaml", Text: "ss_generator_config_path: g.yaml\nss_generator_ckpt_path: g.safetensors\n"},
		hubtest.File{Path: "checkpoints/g.yaml", Text: "_target_: sam3d_objects.model.backbone.dit.embedder.dino.Dino\ndino_model: ../../etc/passwd\n"},
	)
	if _, err := transfer.ReadCatalog(t.Context(), client, sources); err == nil || !strings.Contains(err.Error(), "passwd") {
		t.Errorf("an unknown encoder: %v", err)
	}
}

func TestReadCatalogNamesMissingFiles(t *testing.T) {
	w := newWorld(t)
	client, err := hub.New(hub.Config{URL: w.hub.URL, Token: "hf_right"})
	if err != nil {
		t.Fatal(err)
	}
	for says, repositories := range map[string][]weights.Repository{
		"no file gone.pt":     {{Name: moge, Revision: "main", Files: []string{"gone.pt"}, Target: "moge"}},
		"no gone at":          {{Name: moge, Revision: "main", Folder: "gone", Target: "moge"}},
		"both from":           {{Name: moge, Revision: "main", Files: []string{"model.pt"}, Target: "x"}, {Name: moge, Revision: "main", Files: []string{"model.pt"}, Target: "x"}},
		"no revision v2":      {{Name: moge, Revision: "v2", Files: []string{"model.pt"}, Target: "x"}},
		"no repository none/": {{Name: "none/nothing", Revision: "main", Files: []string{"model.pt"}, Target: "x"}},
	} {
		if _, err := transfer.ReadCatalog(t.Context(), client, weights.Sources{Repositories: repositories}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v; it should say %q", err, says)
		}
	}
}
