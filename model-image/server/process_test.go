package server_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"gen3d/internal/job"
	"gen3d/model-image/server"
	"gen3d/tests/support/program"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

func unset(t *testing.T, name string) {
	t.Helper()
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
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

// process is the server program, started as in the container.
type process struct {
	*exec.Cmd
	address string // on which it listens
	output  *transcript.Log
	ended   chan error
}

func start(t *testing.T, environment ...string) *process {
	t.Helper()
	server := filepath.Join(t.TempDir(), "server")
	if err := program.Build(server, "gen3d/model-image/server/cmd"); err != nil {
		t.Fatal(err)
	}
	// The address is chosen last, so that it is not taken by another program
	// while this one is built.
	p := &process{Cmd: exec.Command(server, "serve"), address: freeAddress(t), output: &transcript.Log{}, ended: make(chan error, 1)}
	p.Env = append([]string{
		// The region is among the variables that the stack sets; SageMaker is not
		// documented to.
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=gen3dlocal", "AWS_SECRET_ACCESS_KEY=gen3dlocalsecret",
		"AWS_EC2_METADATA_DISABLED=true", "GEN3D_S3_PATH_STYLE=true", "HOME=" + t.TempDir(),
		"LISTEN_ADDRESS=" + p.address,
	}, environment...)
	p.Stdout, p.Stderr = p.output, p.output
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

func (p *process) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(timeout):
		t.Fatalf("the program did not end\n%s", p.output)
		return nil
	}
}

// delayPhotos starts a proxy to the object store that delays requests for
// photos until release is closed, and returns its URL.
func delayPhotos(t *testing.T, requested chan<- struct{}, release <-chan struct{}) string {
	t.Helper()
	store, err := url.Parse(aws.ToString(s3test.Config().BaseEndpoint))
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host // the signature covers it
	}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isPhoto(r) {
			requested <- struct{}{}
			<-release
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	return web.URL
}

func TestSIGTERMFinishesRequestsInProgress(t *testing.T) {
	requested, release := make(chan struct{}, 1), make(chan struct{})
	p := start(t, "GEN3D_BACKEND=relief", "DATA_BUCKET="+s3test.Bucket, "AWS_ENDPOINT_URL_S3="+delayPhotos(t, requested, release))
	w := newWorld(t)
	w.url = "http://" + p.address
	w.eventually("a good ping", func() bool {
		resp, err := http.Get(w.url + "/ping")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	m := w.job("cat.webp") // the smallest, and the format that is made soonest
	onlyPLY(m)
	answered := make(chan reply, 1)
	go func() { answered <- w.invoke(m, 1) }()
	<-requested
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.eventually("a closed port", func() bool {
		connection, err := net.Dial("tcp", p.address)
		if err != nil {
			return true
		}
		_ = connection.Close()
		return false
	})
	close(release)
	r := <-answered
	if result := r.result(t); result.Status != job.StatusSucceeded || !bytes.Equal(r.body, w.stored(m, 1)) {
		t.Errorf("the answer is %s", r.body)
	}
	if err := p.end(t); err != nil {
		t.Errorf("the program ended with %v\n%s", err, p.output)
	}
	for _, secret := range []string{"gen3dlocalsecret", "X-Amz-Signature"} {
		if strings.Contains(p.output.String(), secret) {
			t.Errorf("the log contains %s", secret)
		}
	}
}

func TestProgramWithoutAModelReportsFailedSetUp(t *testing.T) {
	const want = "starting the worker with /nowhere/python3"
	p := start(t, "GEN3D_BACKEND=sam3d", "DATA_BUCKET="+s3test.Bucket,
		"WORKER_DIRECTORY="+s3test.Path("model-image"), "WORKER_PYTHON=/nowhere/python3")
	w := newWorld(t)
	w.url = "http://" + p.address
	var r reply
	w.eventually("an answer", func() bool {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/ping", nil)
		var err error
		r, err = send(req)
		return err == nil && r.code(t) != "starting"
	})
	if r.status != http.StatusServiceUnavailable || r.code(t) != "setup_failed" || !strings.Contains(string(r.body), want) {
		t.Errorf("the ping is answered %d %s", r.status, r.body)
	}
	if r := w.invoke(w.job("cat.jpg"), 1); r.status != http.StatusServiceUnavailable || r.code(t) != "setup_failed" {
		t.Errorf("an invocation is answered %d %s", r.status, r.body)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.end(t); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if !strings.Contains(p.output.String(), want) {
		t.Errorf("the log lacks the reason:\n%s", p.output)
	}
}

func TestProgramExitsOnInvalidConfig(t *testing.T) {
	p := start(t, "MAX_CONCURRENCY=-1")
	err := p.end(t)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the program ended with %v", err)
	}
	for _, name := range []string{"GEN3D_BACKEND", "DATA_BUCKET", "MAX_CONCURRENCY"} {
		if !strings.Contains(p.output.String(), name) {
			t.Errorf("the log does not name %s: %s", name, p.output)
		}
	}
}

// serve runs the server on a port of its own, until stop is called. served gets
// the error of Serve.
func (w *world) serve() (stop context.CancelFunc, served <-chan error) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, listener) }()
	return stop, ended
}

func TestDrainTimeoutCancelsRequestsWithoutAResult(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.DrainTimeout = 50 * time.Millisecond })
	begun := make(chan struct{})
	w.backend.reconstruct = func(ctx context.Context, _ server.Input) (*server.Output, error) {
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	stop, served := w.serve()
	m := w.job("cat.jpg")
	answered := make(chan reply, 1)
	go func() { answered <- w.invoke(m, 1) }()
	<-begun
	stop()
	if r := <-answered; r.status != http.StatusServiceUnavailable || r.code(t) != "draining" {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if w.stored(m, 1) != nil {
		t.Error("a canceled object has a result")
	}
}
