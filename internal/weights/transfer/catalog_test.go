package transfer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/s3test"
)

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
	sources := onMain()
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

func TestFilesThatTheWorkerDoesNotLoadAreLeftOut(t *testing.T) {
	w := newWorld(t)
	client, err := hub.New(hub.Config{URL: w.hub.URL, Token: "hf_right"})
	if err != nil {
		t.Fatal(err)
	}
	w.checkpoints(commit,
		hubtest.File{Path: "checkpoints/slat_decoder_mesh.ckpt", Size: 10, LFS: true},
		hubtest.File{Path: "checkpoints/slat_decoder_mesh.pt", Size: 10, LFS: true},
		hubtest.File{Path: "checkpoints/inner/ss_encoder.ckpt", Size: 10, LFS: true},
	)
	catalog, err := transfer.ReadCatalog(t.Context(), client, onMain())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range catalog.Files {
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	want := []string{"moge/model.pt", "sam2/sam2.1_hiera_large.pt", "sam3d/inner/ss_encoder.ckpt", "sam3d/pipeline.yaml", "sam3d/slat_decoder_mesh.ckpt"}
	if !slices.Equal(paths, want) {
		t.Errorf("the files are %q, want %q", paths, want)
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
