package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/internal/job"
	"gen3d/internal/local/objectstore"
	"gen3d/internal/photo"
)

const (
	gpuRounds  = 3 // in each the two servers take turns
	gpuJobs    = 2 // a round
	gpuObjects = 5 // a job
	// gpuWork is what the double of the model takes of its GPU for an object. The
	// real one takes tens of seconds, beside which a server's time hardly shows.
	gpuWork = time.Second
	// gpuLatency is added to every request to S3.
	gpuLatency = 50 * time.Millisecond
	// gpuConcurrency is the stacks' default of model.maxConcurrency.
	gpuConcurrency = 2
)

// measureGPU tells how much of the time the GPU waits for its server: for the
// model server with its worker, and for a plain Flask server that runs the
// worker's engine one request after the other. The model is the double of the
// worker's tests, which sleeps where the real one computes and notes how long.
func measureGPU(ctx context.Context, b *bench) (err error) {
	c, err := b.needCloud(ctx)
	if err != nil {
		return err
	}
	slow, err := delayed(c.s3URL)
	if err != nil {
		return err
	}
	defer slow.Close()
	lab, err := b.newLab(ctx, slow.URL)
	if err != nil {
		return err
	}
	model, err := lab.modelServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.stop()) }()
	plain, err := lab.flask(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.stop()) }()
	picture, err := os.ReadFile(filepath.Join(b.photos, "coffee.jpg"))
	if err != nil {
		return err
	}
	for round := range gpuRounds + 1 { // the first warms up
		for _, s := range []*gpuServer{plain, model} {
			var manifests []*job.Manifest
			for range gpuJobs {
				m, err := gpuJob(ctx, c, picture)
				if err != nil {
					return err
				}
				manifests = append(manifests, m)
			}
			if err := s.serve(ctx, manifests, round > 0); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	c.take() // the events of the results, which nobody needs
	b.gpuRows(plain, model)
	return nil
}

// gpuRows are the plain server's figures, then ours beside them.
func (b *bench) gpuRows(plain, model *gpuServer) {
	objects := gpuRounds * gpuJobs * gpuObjects
	each := func(d time.Duration) time.Duration { return d / time.Duration(objects) }
	for _, s := range []*gpuServer{plain, model} {
		b.table.add(fmt.Sprintf("%s, time an object, mean of %d", s.name, objects), ms(each(s.elapsed)), ratioOf(s.elapsed, plain.elapsed), plain.name)
		b.table.add("… of it the GPU waits", ms(each(s.elapsed-s.busy)), ratioOf(s.elapsed-s.busy, plain.elapsed-plain.busy), plain.name)
		b.table.add("… the GPU's idle share", fmt.Sprintf("%.0f %%", 100*s.idle()), ratio(s.idle(), plain.idle()), plain.name)
	}
}

// delayed is an S3 that is farther away.
func delayed(address string) (*httptest.Server, error) {
	store, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	forward := &httputil.ReverseProxy{Transport: manyConnections().Transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(store)
		r.Out.Host = r.In.Host // it is signed
	}}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(gpuLatency)
		forward.ServeHTTP(w, r)
	})), nil
}

// gpuJob puts the photo and the manifest of a job with boxes round things in it.
func gpuJob(ctx context.Context, c *cloud, picture []byte) (*job.Manifest, error) {
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	info, err := photo.Probe(bytes.NewReader(picture), int64(len(picture)))
	if err != nil {
		return nil, err
	}
	ref := job.Ref{User: "gpu", Job: id}
	key := ref.PhotoKey("photo", ".jpg")
	if err := putPhoto(ctx, s3Client(c.s3URL), key, info.ContentType, picture, nil); err != nil {
		return nil, err
	}
	stored, err := documents(s3Client(c.s3URL)).Photo(ctx, key, "")
	if err != nil {
		return nil, err
	}
	m := job.NewManifest(ref, time.Now(), job.Source{
		Bucket: objectstore.DataBucket, Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: int64(len(picture)),
		Width: info.Width, Height: info.Height, Orientation: info.Orientation, ContentType: info.ContentType, Name: "photo.jpg",
	}, make([]job.Selection, gpuObjects), job.Options{Formats: job.AllFormats})
	return &m, nil
}

// gpuServer is one of the two.
type gpuServer struct {
	name, url, log string
	command        *exec.Cmd
	busy, elapsed  time.Duration
}

// serve sends every object, so many at a time, and counts the time where it is to.
func (s *gpuServer) serve(ctx context.Context, manifests []*job.Manifest, counts bool) error {
	if err := os.Truncate(s.log, 0); err != nil {
		return err
	}
	began := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(gpuConcurrency)
	for _, m := range manifests {
		for n := range gpuObjects {
			group.Go(func() error {
				_, err := invoke(groupCtx, s.url, m, n+1)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	elapsed := time.Since(began)
	busy, objects, err := readBusy(s.log)
	if err == nil && objects != len(manifests)*gpuObjects {
		err = fmt.Errorf("the GPU worked on %d objects, not %d", objects, len(manifests)*gpuObjects)
	}
	if err == nil && counts {
		s.busy += busy
		s.elapsed += elapsed
	}
	return err
}

func (s *gpuServer) idle() float64 { return 1 - s.busy.Seconds()/s.elapsed.Seconds() }

// readBusy adds up what the double has noted, a line an object.
func readBusy(path string) (busy time.Duration, objects int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(data)) {
		ms, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			return 0, 0, fmt.Errorf("reading what the GPU did: %w", err)
		}
		busy += time.Duration(ms * float64(time.Millisecond))
		objects++
	}
	return busy, objects, nil
}

func (s *gpuServer) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping the %s: %w", s.name, err)
	}
	_ = s.command.Wait() // Flask ends by the signal
	return nil
}

// lab is where both servers run: Python with the worker's packages and Flask,
// the model server's program, and made-up weights.
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

func (l *lab) modelServer(ctx context.Context) (*gpuServer, error) {
	return l.start(ctx, "the model server", func(port int) []string {
		return []string{
			"GEN3D_BACKEND=sam3d", "DATA_BUCKET=" + objectstore.DataBucket, "STACK=bench", fmt.Sprintf("LISTEN_ADDRESS=127.0.0.1:%d", port),
			fmt.Sprintf("MAX_CONCURRENCY=%d", gpuConcurrency), "GEN3D_S3_PATH_STYLE=true",
			"WORKER_PYTHON=" + l.python, "WORKER_DIRECTORY=" + filepath.Join(l.root, "model-image"),
		}
	}, filepath.Join(l.folder, "model-server"), "serve")
}

func (l *lab) flask(ctx context.Context) (*gpuServer, error) {
	return l.start(ctx, "a plain Flask server", func(port int) []string { return []string{fmt.Sprintf("PORT=%d", port)} },
		l.python, filepath.Join(l.root, "tests", "bench", "flask", "server.py"))
}

// start runs a server with the double on its path and waits until it is ready.
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
		fmt.Sprintf("DOUBLE_GPU_MS=%d", gpuWork.Milliseconds()), "DOUBLE_GPU_LOG="+s.log,
	)
	var output bytes.Buffer
	s.command.Stdout, s.command.Stderr = &output, &output
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
	return nil, fmt.Errorf("%s was not ready within %s:\n%s", name, timeout, &output)
}
