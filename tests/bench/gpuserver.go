package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/job"
	"gen3d/local/objectstore"
)

// gpuServer is one of the servers. Times are those of the last backlog.
type gpuServer struct {
	name, url, log string
	command        *exec.Cmd
	output         *bytes.Buffer // to be read after it has stopped
	stopped        bool
	busy           time.Duration // of the GPU
	span           time.Duration // from the GPU's first begin to its last end
	elapsed        time.Duration // from the first request to the last answer
}

// gpuObject is an object of a job.
type gpuObject struct {
	manifest *job.Manifest
	index    int
}

// serve sends the objects in order, gpuConcurrency at a time, and measures.
func (s *gpuServer) serve(ctx context.Context, objects []gpuObject) error {
	if err := os.Truncate(s.log, 0); err != nil {
		return err
	}
	began := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(gpuConcurrency)
	for _, o := range objects {
		group.Go(func() error {
			_, err := invoke(groupCtx, s.url, o.manifest, o.index)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s.elapsed = time.Since(began)
	return s.readLog(len(objects))
}

func (s *gpuServer) idle() float64 { return 1 - s.busy.Seconds()/s.elapsed.Seconds() }

func (s *gpuServer) gaps() float64 { return 1 - s.busy.Seconds()/s.span.Seconds() }

// readLog reads when the GPU was at work: the double logs one line per object,
// with begin and end in milliseconds.
func (s *gpuServer) readLog(objects int) error {
	data, err := os.ReadFile(s.log)
	if err != nil {
		return err
	}
	var first, last float64
	s.busy = 0
	lines := 0
	for line := range strings.Lines(string(data)) {
		var from, to float64
		if _, err := fmt.Sscan(line, &from, &to); err != nil {
			return fmt.Errorf("reading the GPU's log: %w", err)
		}
		if lines == 0 || from < first {
			first = from
		}
		last = max(last, to)
		s.busy += time.Duration((to - from) * float64(time.Millisecond))
		lines++
	}
	s.span = time.Duration((last - first) * float64(time.Millisecond))
	if lines != objects {
		return fmt.Errorf("the GPU worked on %d objects, not %d", lines, objects)
	}
	return nil
}

func (s *gpuServer) stop() error {
	if s.stopped {
		return nil
	}
	s.stopped = true
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping the %s: %w", s.name, err)
	}
	_ = s.command.Wait() // Flask exits with the signal's status
	return nil
}

// lab has what both servers need: Python with the worker's packages and Flask,
// the model server's program, and generated weights.
type lab struct{ folder, root, python, s3URL string }

func (b *bench) newLab(ctx context.Context, s3URL string) (*lab, error) {
	root, err := filepath.Abs(filepath.Join(b.photos, "..", ".."))
	if err != nil {
		return nil, err
	}
	l := &lab{folder: filepath.Join(b.folder, "gpu"), root: root, s3URL: s3URL}
	l.python = filepath.Join(l.folder, "venv", "bin", "python")
	note("installing Flask and the worker's packages")
	for _, step := range [][]string{
		{"python3", "-m", "venv", filepath.Join(l.folder, "venv")},
		{l.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", filepath.Join(root, "tests", "bench", "flask", "requirements.txt")},
		{l.python, "-c", "import pathlib, sys; from worker.tests.conftest import make_model; make_model(pathlib.Path(sys.argv[1]))", filepath.Join(l.folder, "model")},
		{"go", "build", "-trimpath", "-o", filepath.Join(l.folder, "model-server"), "./model-image/server/cmd"},
	} {
		command := exec.CommandContext(ctx, step[0], step[1:]...)
		command.Dir = root
		command.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(root, "model-image"), "PYTHONDONTWRITEBYTECODE=1")
		if output, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("preparing the model servers: %w\n%s", err, output)
		}
	}
	for _, name := range []string{"dinov2", "scratch"} {
		if err := os.Mkdir(filepath.Join(l.folder, name), 0o700); err != nil {
			return nil, err
		}
	}
	return l, os.WriteFile(filepath.Join(l.folder, "dinov2", "hubconf.py"), nil, 0o600)
}

// modelServer starts the model server.
func (l *lab) modelServer(ctx context.Context) (*gpuServer, error) {
	return l.server(ctx, "the model server")
}

// sequential starts the model server with a GPU that waits for the files of each
// object, as before version 2 of the worker's protocol.
func (l *lab) sequential(ctx context.Context) (*gpuServer, error) {
	return l.server(ctx, "the model server whose GPU waits for files", "EXPORT_PLACES=0")
}

func (l *lab) server(ctx context.Context, name string, more ...string) (*gpuServer, error) {
	return l.start(ctx, name, func(port int) []string {
		return append([]string{
			"GEN3D_BACKEND=sam3d", "DATA_BUCKET=" + objectstore.DataBucket, "STACK=bench", fmt.Sprintf("LISTEN_ADDRESS=127.0.0.1:%d", port),
			fmt.Sprintf("MAX_CONCURRENCY=%d", gpuConcurrency), "GEN3D_S3_PATH_STYLE=true",
			"WORKER_PYTHON=" + l.python, "WORKER_DIRECTORY=" + filepath.Join(l.root, "model-image"),
		}, more...)
	}, filepath.Join(l.folder, "model-server"), "serve")
}

func (l *lab) flask(ctx context.Context) (*gpuServer, error) {
	return l.start(ctx, "a plain Flask server", func(port int) []string { return []string{fmt.Sprintf("PORT=%d", port)} },
		l.python, filepath.Join(l.root, "tests", "bench", "flask", "server.py"))
}

// start starts a server with the double on its Python path and waits until it
// is ready.
func (l *lab) start(ctx context.Context, name string, environment func(port int) []string, command ...string) (*gpuServer, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	log, err := os.CreateTemp(l.folder, "gpu-*.log")
	if err != nil {
		return nil, err
	}
	_ = log.Close()
	s := &gpuServer{name: name, url: fmt.Sprintf("http://127.0.0.1:%d", port), log: log.Name(), command: exec.CommandContext(ctx, command[0], command[1:]...)}
	model := filepath.Join(l.root, "model-image")
	s.command.Env = append(append(os.Environ(), environment(port)...),
		"AWS_REGION="+objectstore.Region, "AWS_DEFAULT_REGION="+objectstore.Region, "AWS_ENDPOINT_URL_S3="+l.s3URL,
		"AWS_ACCESS_KEY_ID="+objectstore.AccessKey, "AWS_SECRET_ACCESS_KEY="+objectstore.SecretKey, "AWS_EC2_METADATA_DISABLED=true",
		"WEIGHTS_DIRECTORY="+filepath.Join(l.folder, "model"), "DINOV2_DIRECTORY="+filepath.Join(l.folder, "dinov2"),
		"SCRATCH_DIRECTORY="+filepath.Join(l.folder, "scratch"),
		"PYTHONPATH="+filepath.Join(model, "worker", "tests", "doubles")+string(os.PathListSeparator)+model, "PYTHONDONTWRITEBYTECODE=1",
		fmt.Sprintf("DOUBLE_GPU_MS=%d", gpuWork.Milliseconds()), fmt.Sprintf("DOUBLE_SUBDIVISIONS=%d", gpuSubdivisions), "DOUBLE_GPU_LOG="+s.log,
	)
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) } // it then stops its worker
	s.command.WaitDelay = timeout
	s.output = new(bytes.Buffer)
	s.command.Stdout, s.command.Stderr = s.output, s.output
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if response, err := http.Get(s.url + "/ping"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return s, nil
			}
		}
	}
	_ = s.stop()
	return nil, fmt.Errorf("%s was not ready within %s:\n%s", name, timeout, s.output)
}
