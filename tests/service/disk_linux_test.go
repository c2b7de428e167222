package service_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"gen3d/tests/support/program"
	"gen3d/tests/support/transcript"
)

const minFree = 16 << 20 // of a disk of 64 MB

// Whatever space is left on a disk that fills up, the service reports it in its
// messages and keeps what it has accepted; when there is space again, each job
// ends once.
func TestFullDiskLosesNoJob(t *testing.T) {
	for name, killed := range map[string]bool{"runs on": false, "is killed and started again": true} {
		t.Run(name, func(t *testing.T) {
			d := mount(t, 64<<20)
			m := newGate(t)
			options := []string{"--min-free", fmt.Sprint(minFree), "--model", m.URL}
			s := start(t, filepath.Join(d.folder, "data"), options...)
			m.startModel(s.s3URL)
			c := s.as("testuser001")
			body := photo(t, "cat.webp")

			// Accepted while there is space; the model answers
			// later.
			ids := []string{c.submit("first.webp", "image/webp", body), c.submit("second.webp", "image/webp", body)}
			for i := range 2 {
				s.copyIn(fmt.Sprintf("users/testuser002/input/copied-%d.webp", i), body, nil)
			}
			late := c.newJob("late.webp", "image/webp", len(body))
			s.eventually("the requests for four objects", func() bool { return m.waiting.Load() == 4 })

			// No space for new photos.
			d.leave(t, minFree*3/4)
			wantWords := func(text string) {
				t.Helper()
				if !strings.Contains(text, "takes no new photos") || !strings.Contains(text, "Free some space") {
					t.Errorf("the refusal does not say what to do: %s", text)
				}
			}
			if p := c.refused(http.MethodPost, "/api/jobs", map[string]any{"name": "a.webp", "contentType": "image/webp", "bytes": len(body)}); p.Status != http.StatusInsufficientStorage || p.Code != "storage_full" {
				t.Errorf("a new job: %+v", p)
			} else {
				wantWords(p.Detail)
			}
			if status, answer := c.upload(late, body); status != http.StatusInsufficientStorage || !strings.Contains(answer, "<Code>InsufficientStorage</Code>") {
				t.Errorf("a photo posted: %d %s", status, answer)
			} else {
				wantWords(answer)
			}
			_, err := s.s3().PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String(dataBucket), Key: aws.String("users/testuser001/input/refused.webp"), Body: bytes.NewReader(body),
			})
			var refusal smithy.APIError
			if !errors.As(err, &refusal) || refusal.ErrorCode() != "InsufficientStorage" {
				t.Errorf("a photo copied in: %v", err)
			} else {
				wantWords(refusal.ErrorMessage())
			}
			if keys := s.keys("users/testuser001/input/"); len(keys) != len(ids) {
				t.Errorf("refused photos are there: %q", keys)
			}

			// No space at all: the model's results cannot be
			// written.
			d.leave(t, 0)
			m.open()
			s.eventually("a mesh that finds no room", func() bool { return m.full.Load() > 0 })
			for _, id := range ids { // reads still succeed
				if view := c.job(id); view.State != "queued" && view.State != "processing" {
					t.Errorf("job %s is %s on a full disk", id, view.State)
				}
			}

			if killed {
				s.kill()
				m.model.Store(nil) // its S3 has ended
				d.free(t)
				s = start(t, s.data, options...)
				m.startModel(s.s3URL)
				c = s.as("testuser001")
			} else {
				d.free(t)
			}
			if status, answer := c.upload(c.newJob("after.webp", "image/webp", len(body)), body); status >= 300 {
				t.Errorf("a photo after there is room again: %d %s", status, answer)
			}
			if !killed { // the second service has another address, so the forms are not valid
				if status, answer := c.upload(late, body); status >= 300 {
					t.Errorf("a form of a photo that was refused: %d %s", status, answer)
				}
			} else if status, answer := c.call(http.MethodDelete, "/api/jobs/"+late.JobID, nil); status != http.StatusNoContent {
				t.Errorf("deleting a job without a photo: %d %s", status, answer)
			}

			s.eventually("the end of every job", func() bool { return s.markers() == 0 })
			s.wantEachJobDoneOnce("testuser001")
			s.wantEachJobDoneOnce("testuser002")
		})
	}
}

// wantEachJobDoneOnce checks that the object of each of the user's jobs has
// succeeded, and that one mail was sent to the user and one to the admin.
func (s *service) wantEachJobDoneOnce(user string) {
	s.t.Helper()
	jobs := map[string]bool{}
	for _, key := range s.keys("users/" + user + "/output/") {
		jobs[strings.Split(key, "/")[3]] = true
	}
	if len(jobs) < 2 {
		s.t.Errorf("%s has the jobs %v", user, jobs)
	}
	mails := s.mails()
	for id := range jobs {
		var result struct {
			Status string   `json:"status"`
			Error  *failure `json:"error"`
		}
		if err := json.Unmarshal(s.object("users/"+user+"/output/"+id+"/1.result.json"), &result); err != nil || result.Status != "succeeded" {
			s.t.Errorf("job %s: %+v (%v)", id, result, err)
		}
		about := map[string]int{}
		for _, m := range mails {
			if strings.Contains(m.Text, id) {
				about[strings.Join(m.To, " ")]++
			}
		}
		if about[user+"@example.com"] != 1 || about[adminMail] != 1 || len(about) != 2 {
			s.t.Errorf("the mails about job %s went to %v", id, about)
		}
	}
}

// tmpfs is a file system that no other test uses.
type tmpfs struct{ folder string }

func mount(t *testing.T, bytes int64) tmpfs {
	t.Helper()
	d, size := tmpfs{t.TempDir()}, fmt.Sprintf("size=%d", bytes)
	err := syscall.Mount("tmpfs", d.folder, "tmpfs", 0, size)
	if errors.Is(err, syscall.EPERM) {
		return mountInNamespace(t, d.folder, size)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

// mountInNamespace mounts a file system without the rights of root: in a user
// and a mount namespace of a process that lasts as long as the test. Other
// processes of the user reach it through /proc.
func mountInNamespace(t *testing.T, folder, size string) tmpfs {
	t.Helper()
	holder := exec.Command("sh", "-c", `mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec cat`, "sh", size, folder)
	holder.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	const refused = "mounting a small disk takes the rights of root, or user namespaces, which this system refuses: "
	stop, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Skip(refused, err)
	}
	t.Cleanup(func() {
		_ = stop.Close()
		_ = holder.Wait()
	})
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "mounted\n" {
		t.Skip(refused, err)
	}
	return tmpfs{fmt.Sprintf("/proc/%d/root%s", holder.Process.Pid, folder)}
}

// leave fills the disk until the given number of bytes is free.
func (d tmpfs) leave(t *testing.T, bytes int64) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(d.folder, "ballast"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for block := make([]byte, 4096); ; {
		var s syscall.Statfs_t
		if err := syscall.Statfs(d.folder, &s); err != nil {
			t.Fatal(err)
		}
		if bytes > 0 && int64(s.Bavail)*s.Bsize <= bytes {
			return
		}
		if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) && bytes == 0 {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func (d tmpfs) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(d.folder, "ballast")); err != nil {
		t.Fatal(err)
	}
}

// gate is a proxy in front of a model server that it starts. It forwards no
// request until it is opened.
type gate struct {
	*httptest.Server
	t       *testing.T
	waiting atomic.Int64
	full    atomic.Int64 // responses of the model server that the storage is full
	opened  chan struct{}
	once    sync.Once
	model   atomic.Pointer[httputil.ReverseProxy]
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{t: t, opened: make(chan struct{})}
	g.Server = httptest.NewServer(g)
	t.Cleanup(func() {
		g.open()
		g.CloseClientConnections()
		g.Close()
	})
	return g
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	model := g.model.Load()
	if model == nil {
		http.Error(w, "there is no model server yet", http.StatusServiceUnavailable)
		return
	}
	if r.URL.Path == "/invocations" {
		g.waiting.Add(1)
		select {
		case <-g.opened:
		case <-r.Context().Done():
			return
		}
	}
	model.ServeHTTP(w, r)
}

// modelServer is the model server's program, built once.
var modelServer = sync.OnceValues(func() (string, error) {
	output := filepath.Join(filepath.Dir(gen3d), "model-server")
	return output, program.Build(output, "gen3d/model-image/server/cmd")
})

// startModel starts a model server that uses the S3 of a service, and replaces
// the previous one.
func (g *gate) startModel(s3URL string) {
	g.t.Helper()
	built, err := modelServer()
	if err != nil {
		g.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, built, "serve")
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + g.t.TempDir(), "SCRATCH_DIRECTORY=" + g.t.TempDir(),
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=gen3dlocal", "AWS_SECRET_ACCESS_KEY=gen3dlocalsecret", "AWS_EC2_METADATA_DISABLED=true",
		"GEN3D_S3_PATH_STYLE=true", "AWS_ENDPOINT_URL_S3=" + s3URL,
		"GEN3D_BACKEND=relief", "DATA_BUCKET=" + dataBucket, "STACK=test", "LISTEN_ADDRESS=" + address, "MAX_CONCURRENCY=4",
	}
	log := new(transcript.Log)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	g.t.Cleanup(func() {
		cancel()
		<-ended
		if g.t.Failed() {
			g.t.Logf("the model server's output:\n%s", log)
		}
	})
	target := &url.URL{Scheme: "http", Host: address}
	for deadline := time.Now().Add(timeout); ; {
		response, err := http.Get(target.String() + "/ping")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case <-ended:
			g.t.Fatalf("the model server ended before it was ready:\n%s", log)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("the model server was not ready in time:\n%s", log)
		}
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.URL.Path == "/invocations" && r.StatusCode == http.StatusInsufficientStorage {
			g.full.Add(1)
		}
		return nil
	}
	g.model.Store(proxy)
}
