// Package modelserver_test runs the model server's program with its worker and
// tests both from outside: requests are sent as SageMaker sends them, and
// results are read from a real S3. Only the model is a double, with the
// signatures of the real one (model-image/worker/tests/doubles).
package modelserver_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/tests/support/double"
	"gen3d/tests/support/program"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

// timeout limits every wait. It is a deadline for a machine under load, not an
// expectation.
const timeout = 5 * time.Minute

// modelServer is the model server's binary, built once.
var modelServer string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "gen3d-modelserver-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	modelServer = filepath.Join(folder, "model-server")
	if err := program.Build(modelServer, "gen3d/model-image/server/cmd"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return s3test.Main(m)
}

// server is the running program.
type server struct {
	t      *testing.T
	url    string
	log    *transcript.Log
	bucket *bucket.Bucket
	user   string
	ended  chan error
	*exec.Cmd
}

// start runs the program and waits until it is ready.
func start(t *testing.T, variables ...string) *server {
	t.Helper()
	s := launch(t, variables...)
	s.eventually("a good ping", func() bool {
		p := s.ping()
		if p.status == http.StatusServiceUnavailable && p.Code != "starting" {
			t.Fatalf("the server does not start: %+v", p)
		}
		return p.status == http.StatusOK
	})
	return s
}

// launch runs the program with the double of the model. The variables are added
// to its environment.
func launch(t *testing.T, variables ...string) *server {
	t.Helper()
	if err := program.Look("gen3d/model-image/server/cmd"); err != nil {
		t.Fatal(err)
	}
	worker, scratch := double.New(t), t.TempDir()
	address := freeAddress(t)
	s := &server{
		t: t, url: "http://" + address, log: &transcript.Log{}, bucket: bucket.New(s3test.Client(nil), s3test.Bucket),
		user: s3test.User(t), ended: make(chan error, 1), Cmd: exec.Command(modelServer, "serve"),
	}
	s.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		// The region is among the variables that the stack sets; SageMaker is not
		// documented to.
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=gen3dlocal", "AWS_SECRET_ACCESS_KEY=gen3dlocalsecret", "AWS_EC2_METADATA_DISABLED=true",
		"GEN3D_S3_PATH_STYLE=true", "AWS_ENDPOINT_URL_S3=" + aws.ToString(s3test.Config().BaseEndpoint),
		"GEN3D_BACKEND=sam3d", "DATA_BUCKET=" + s3test.Bucket, "STACK=test", "LISTEN_ADDRESS=" + address, "MAX_CONCURRENCY=4",
		"INSTANCE_TYPE=ml.g6e.xlarge", "INSTANCE_PRICE_USD_PER_HOUR=2.6054",
		"WORKER_PYTHON=" + worker.Python, "WORKER_DIRECTORY=" + worker.Directory,
		"WEIGHTS_DIRECTORY=" + worker.Model, "DINOV2_DIRECTORY=" + worker.DINOv2, "SCRATCH_DIRECTORY=" + scratch,
	}, append(worker.Variables, variables...)...)
	s.Stdout, s.Stderr = s.log, s.log
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.ended <- s.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the server's output ends:\n%s", tail(s.log, 60))
		}
	})
	return s
}

// stop ends the program as SageMaker does, including its worker.
func (s *server) stop() {
	defer func() { _ = s.Process.Kill() }()
	if s.Process.Signal(syscall.SIGTERM) != nil {
		return // it has ended
	}
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second): // SageMaker's limit
		s.t.Error("the server has not ended 30 seconds after SIGTERM")
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func (s *server) eventually(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		select {
		case err := <-s.ended:
			s.t.Fatalf("the server has ended (%v) before %s", err, what)
		default:
		}
		if ok() {
			return
		}
	}
	s.t.Fatalf("%s did not come about", what)
}

// pong is the response to a ping. The status is 0 if there was none.
type pong struct {
	status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (s *server) ping() (p pong) {
	client := http.Client{Timeout: timeout}
	response, err := client.Get(s.url + "/ping")
	if err != nil {
		return p
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&p); err == nil {
		p.status = response.StatusCode
	}
	return p
}

// workers returns the processes that the server has started, the newest last.
func (s *server) workers() []int { return s.started("worker started") }

// started returns the process IDs in the log's lines with the message.
func (s *server) started(message string) []int {
	var pids []int
	for _, line := range s.log.Lines() {
		var entry struct {
			Msg string `json:"msg"`
			PID int    `json:"pid"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == message {
			pids = append(pids, entry.PID)
		}
	}
	return pids
}

// kill ends the current worker as the kernel does when memory runs out. It
// reports whether there was one.
func (s *server) kill() bool {
	pids := s.workers()
	return len(pids) > 0 && syscall.Kill(pids[len(pids)-1], syscall.SIGKILL) == nil
}

// job uploads a photo of the repository with its manifest, whose objects are
// the whole image.
func (s *server) job(file string, objects int, seed uint32) *job.Manifest {
	s.t.Helper()
	data, err := os.ReadFile(s3test.Path("testdata/photos/" + file))
	if err != nil {
		s.t.Fatal(err)
	}
	info, err := photo.Probe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		s.t.Fatal(err)
	}
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	ref := job.Ref{User: s.user, Job: id}
	key := ref.InputPrefix() + file
	s3test.Put(s.t, key, info.ContentType, nil, data)
	stored, err := s.bucket.Photo(s.t.Context(), key, "")
	if err != nil {
		s.t.Fatal(err)
	}
	m := job.NewManifest(ref, time.Now(), job.Source{
		Bucket: s3test.Bucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: int64(len(data)), Name: file,
		Width: info.Width, Height: info.Height, Orientation: info.Orientation, ContentType: info.ContentType,
	}, make([]job.Selection, objects), job.Options{Seed: seed, Formats: job.AllFormats})
	if _, err := s.bucket.CreateManifest(s.t.Context(), &m); err != nil {
		s.t.Fatal(err)
	}
	return &m
}

// invoke requests object n as the endpoint does.
func (s *server) invoke(m *job.Manifest, n int) (int, []byte) {
	s.t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		s.t.Errorf("writing the manifest: %v", err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/invocations", bytes.NewReader(body))
	if err != nil {
		s.t.Errorf("making the request: %v", err)
		return 0, nil
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Amzn-SageMaker-Custom-Attributes", job.CustomAttributes(n))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Errorf("invoking the server: %v", err)
		return 0, nil
	}
	defer func() { _ = response.Body.Close() }()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(response.Body); err != nil {
		s.t.Errorf("reading the server's answer: %v", err)
	}
	return response.StatusCode, answer.Bytes()
}

// process invokes the server for object n and returns the result.
func (s *server) process(m *job.Manifest, n int) job.Result {
	s.t.Helper()
	status, body := s.invoke(m, n)
	var result job.Result
	if err := json.Unmarshal(body, &result); err != nil || status != http.StatusOK {
		s.t.Fatalf("the answer is no result: %d %s", status, body)
	}
	return result
}

// tail returns the last lines of the log.
func tail(log *transcript.Log, count int) string {
	lines := log.Lines()
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
