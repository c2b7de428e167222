package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/awsclient"
	"gen3d/internal/weights"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

const (
	sam3d  = "facebook/sam-3d-objects"
	secret = "hf_secretToken"
)

var commit = strings.Repeat("c0", 20)

// newHub starts a hub with the three repositories, gated as the real ones are,
// and empties the model bucket.
func newHub(t *testing.T, files ...hubtest.File) *hubtest.Hub {
	t.Helper()
	h := hubtest.New(t)
	h.Token, h.Granted, h.Gated[sam3d] = secret, true, true
	h.Add("Ruicheng/moge-vitl", hubtest.Pinned("Ruicheng/moge-vitl"), hubtest.File{Path: "model.pt", Size: 3_000_000, LFS: true})
	h.Add("facebook/sam2.1-hiera-large", hubtest.Pinned("facebook/sam2.1-hiera-large"), hubtest.File{Path: "sam2.1_hiera_large.pt", Size: 2_000_000, LFS: true})
	h.Add(sam3d, hubtest.Pinned(sam3d), append([]hubtest.File{{Path: "checkpoints/pipeline.yaml", Text: "ss_generator_ckpt_path: ss_generator.ckpt\n"}}, files...)...)
	clearBucket(t)
	t.Cleanup(func() { clearBucket(t) })
	return h
}

func clearBucket(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	client := s3test.Client(nil)
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String(objectstore.ModelBucket)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(objectstore.ModelBucket), Key: o.Key}); err != nil {
				t.Fatal(err)
			}
		}
	}
	uploads, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String(objectstore.ModelBucket)})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range uploads.Uploads {
		if _, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: aws.String(objectstore.ModelBucket), Key: u.Key, UploadId: u.UploadId}); err != nil {
			t.Fatal(err)
		}
	}
}

// storeURL returns the URL of the tests' S3.
func storeURL() string { return *s3test.Config().BaseEndpoint }

// gen3d runs the program in this process, and checks that it does not print the
// token.
func gen3d(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	if strings.Contains(out.String()+errs.String(), secret) {
		t.Errorf("gen3d %v printed the token", args)
	}
	return status, out.String(), errs.String()
}

func onLocal(command string, h *hubtest.Hub, more ...string) []string {
	return append([]string{"weights", command, "--bucket", objectstore.ModelBucket, "--s3-url", storeURL(), "--hub", h.URL}, more...)
}

func TestPlanListsFilesAndPushStoresThem(t *testing.T) {
	h := newHub(t, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 10_000_000, LFS: true})
	t.Setenv("HF_TOKEN", secret)
	const place = " to s3://gen3d-local-model/weights/sam-3d-objects/\n"
	var origins string
	for _, name := range []string{sam3d, "Ruicheng/moge-vitl", "facebook/sam2.1-hiera-large"} {
		origins += name + " @ " + hubtest.Pinned(name) + "\n"
	}
	want := `FILE                        SIZE    STATE
sam3d/pipeline.yaml         42 B    missing
sam3d/ss_generator.ckpt     10 MB   missing
moge/model.pt               3.0 MB  missing
sam2/sam2.1_hiera_large.pt  2.0 MB  missing

` + origins + "4 files, 15 MB: 0 present, 0 partly, 4 missing; 15 MB to push" + place
	if status, stdout, stderr := gen3d(t, onLocal("plan", h)...); status != 0 || stdout != want || stderr != "" {
		t.Errorf("plan ended with %d, stderr %q, stdout\n%s\nwant\n%s", status, stderr, stdout, want)
	}
	status, stdout, stderr := gen3d(t, onLocal("push", h)...)
	want = origins + "4 files, 15 MB: 0 present, 0 partly, 4 missing; 15 MB to push" + place + "All weights are in s3://gen3d-local-model/weights/sam-3d-objects/.\n"
	if status != 0 || stdout != want {
		t.Errorf("push ended with %d and\n%s\nwant\n%s", status, stdout, want)
	}
	for _, file := range []string{"sam3d/pipeline.yaml, 42 B", "sam3d/ss_generator.ckpt, 10 MB", "moge/model.pt, 3.0 MB", "sam2/sam2.1_hiera_large.pt, 2.0 MB"} {
		if !strings.Contains(stderr, "verified "+file+"\n") {
			t.Errorf("stderr does not name %s:\n%s", file, stderr)
		}
	}
	for _, command := range []string{"plan", "push"} {
		if status, stdout, _ := gen3d(t, onLocal(command, h)...); status != 0 || !strings.Contains(stdout, "4 present, 0 partly, 0 missing; nothing to push") {
			t.Errorf("%s afterwards ended with %d and\n%s", command, status, stdout)
		}
	}
}

func TestErrorsAreOneSentenceWithStatus1(t *testing.T) {
	h := newHub(t)
	for name, test := range map[string]struct {
		token   string
		prepare func(*hubtest.Hub)
		args    []string
		says    string
	}{
		"no token":          {"", nil, onLocal("push", h), sam3d + " is gated and there is no token: ask for access at "},
		"token refused":     {"hf_other", nil, onLocal("push", h), "Hugging Face refuses the token: make a new one"},
		"not granted":       {secret, func(h *hubtest.Hub) { h.Granted = false }, onLocal("plan", h), "this token's account has no access to " + sam3d},
		"renamed":           {secret, func(h *hubtest.Hub) { h.Renamed["Ruicheng/moge-vitl"] = "Ruicheng/moge" }, onLocal("push", h), "on to Ruicheng/moge: if that is the same model"},
		"rate limit":        {secret, limited, onLocal("push", h), "the hub's rate limit asks to wait 1h0m0s; run the same command again then"},
		"no bucket":         {secret, nil, []string{"weights", "push", "--bucket", "nowhere", "--s3-url", storeURL(), "--hub", h.URL}, "there is no bucket nowhere: deploy the stack first"},
		"no S3":             {secret, nil, []string{"weights", "plan", "--bucket", "b", "--s3-url", "127.0.0.1:9000", "--hub", h.URL}, "is not the URL of an S3"},
		"stack and local":   {secret, nil, []string{"weights", "plan", "--stack", "dev", "--s3-url", storeURL()}, "--s3-url is for the S3 of gen3d local"},
		"hub without https": {secret, nil, []string{"weights", "plan", "--bucket", "b", "--s3-url", storeURL(), "--hub", "http://mirror.example"}, "unencrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HF_TOKEN", test.token)
			if test.prepare != nil {
				h.Change(test.prepare)
			}
			defer h.Change(func(h *hubtest.Hub) { h.Granted, h.Fault, h.Renamed = true, nil, map[string]string{} })
			status, stdout, stderr := gen3d(t, test.args...)
			if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "gen3d: ") || !strings.Contains(stderr, test.says) {
				t.Errorf("status %d, stdout %q, stderr %q; it should say %q", status, stdout, stderr, test.says)
			}
		})
	}
}

func limited(h *hubtest.Hub) {
	h.Fault = func(w http.ResponseWriter, _ *http.Request, _ bool) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
}

func TestInvalidArgumentsHaveStatus2(t *testing.T) {
	for _, args := range [][]string{
		{"weights", "push"},
		{"weights", "push", "--stack", "dev", "--bucket", "b"},
		{"weights", "push", "--bucket", "b", "--token", "x"},
		{"weights", "push", "--bucket", "b", "--sources", "/nowhere.json"},
	} {
		if status, _, stderr := gen3d(t, args...); status != 2 || !strings.HasPrefix(stderr, "gen3d: ") && !strings.Contains(stderr, "\ngen3d: ") {
			t.Errorf("%v: status %d, stderr %q", args, status, stderr)
		}
	}
}

func TestSourcesCanBeReplaced(t *testing.T) {
	h := newHub(t)
	h.Add("other/moge", commit, hubtest.File{Path: "model.pt", Size: 1000, LFS: true})
	file := filepath.Join(t.TempDir(), "sources.json")
	text := `{"repositories": [{"repository": "other/moge", "revision": "` + commit + `", "files": ["model.pt"], "target": "moge"}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_TOKEN", "")
	if status, stdout, stderr := gen3d(t, onLocal("plan", h, "--sources", file)...); status != 0 || !strings.Contains(stdout, "\nother/moge @ "+commit+"\n1 files, 1.0 kB:") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	if err := os.WriteFile(file, []byte(`{"repositories": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := gen3d(t, onLocal("plan", h, "--sources", file)...); status != 1 || !strings.Contains(stderr, "names no repository") {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// stack sets up a stack called dev with the local bucket; answer serves its
// secret as Secrets Manager.
func stack(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	secrets := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.SecretId != weights.TokenSecret("dev") || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
			t.Errorf("the secret asked for is %q: %v", in.SecretId, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		answer(w, r)
	}))
	t.Cleanup(secrets.Close)
	folder := t.TempDir()
	script := `#!/bin/sh
[ "$*" = "stack output --json --non-interactive --stack dev" ] || { echo "no stack named '$6' found" >&2; exit 255; }
echo '{"region":"us-east-1","modelBucket":"gen3d-local-model","websiteUrl":"x"}'`
	if err := os.WriteFile(filepath.Join(folder, "pulumi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(folder, "none")
	for name, value := range map[string]string{
		"PATH": folder, "HF_TOKEN": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "",
		"AWS_ACCESS_KEY_ID": objectstore.AccessKey, "AWS_SECRET_ACCESS_KEY": objectstore.SecretKey, "AWS_SESSION_TOKEN": "", "AWS_REGION": "",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": storeURL(), "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.URL, awsclient.PathStyleVariable: "true",
	} {
		t.Setenv(name, value)
	}
}

func TestStackHasBucketAndToken(t *testing.T) {
	h := newHub(t)
	stack(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": secret + "\n"}) // the client is connected
	})
	status, stdout, stderr := gen3d(t, "weights", "push", "--stack", "dev", "--hub", h.URL)
	if status != 0 || !strings.Contains(stdout, "All weights are in s3://gen3d-local-model/") || !strings.Contains(stdout, "pulumi config set gen3d:model.enabled true --stack dev") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	if status, _, stderr := gen3d(t, "weights", "push", "--stack", "prod", "--hub", h.URL); status != 1 || !strings.Contains(stderr, "no stack named 'prod' found") {
		t.Errorf("another stack: status %d, stderr %q", status, stderr)
	}
}

func TestStackWithoutATokenIsReported(t *testing.T) {
	h := newHub(t)
	refuse := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", code)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"Message":"no"}`)) // as above
		}
	}
	stack(t, refuse(http.StatusBadRequest, "ResourceNotFoundException"))
	if status, _, stderr := gen3d(t, "weights", "push", "--stack", "dev", "--hub", h.URL); status != 1 || !strings.Contains(stderr, "there is no token") || !strings.Contains(stderr, "gen3d:huggingFaceToken") {
		t.Errorf("no value: status %d, stderr %q", status, stderr)
	}
	stack(t, refuse(http.StatusBadRequest, "AccessDeniedException"))
	if status, _, stderr := gen3d(t, "weights", "push", "--stack", "dev", "--hub", h.URL); status != 1 || !strings.Contains(stderr, "secretsmanager:GetSecretValue") {
		t.Errorf("denied: status %d, stderr %q", status, stderr)
	}
	t.Setenv("HF_TOKEN", secret)
	if status, _, stderr := gen3d(t, "weights", "push", "--stack", "dev", "--hub", h.URL); status != 0 {
		t.Errorf("with HF_TOKEN: status %d, stderr %q", status, stderr)
	}
}
