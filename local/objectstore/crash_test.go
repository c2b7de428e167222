package objectstore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.etcd.io/bbolt"

	"gen3d/local/objectstore"
	"gen3d/local/queue"
)

// TestKilledStore is the child process of the tests below, not a test. With
// "event" in its environment it kills itself when it is to queue the first
// event, that is, after the object was written.
func TestKilledStore(t *testing.T) {
	dir := os.Getenv("OBJECTSTORE_KILLED")
	if dir == "" {
		t.Skip("runs only as a child process")
	}
	db, err := queue.Open(filepath.Join(dir, "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	events, err := db.Queue("events")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(dir, db, events)
	if os.Getenv("OBJECTSTORE_KILLED_AT") == "event" {
		cfg.Deliver = func(*bbolt.Tx, string, []byte) error {
			if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			select {}
		}
	}
	store, err := objectstore.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("serving", store.Addr())
	<-store.Done()
}

// shortDir returns a folder with a path short enough for the gateway's socket,
// so that a killed store leaves no other files.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "killed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// child starts a store in its own process, which the test kills.
func child(t *testing.T, dir, at string) (addr string, process *os.Process) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledStore$")
	cmd.Env = append(os.Environ(), "OBJECTSTORE_KILLED="+dir, "OBJECTSTORE_KILLED_AT="+at)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has already ended if the test passed
		_ = cmd.Wait()         // "signal: killed"
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "serving "); ok {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return addr, cmd.Process
		}
	}
	t.Fatal("the child did not start")
	return "", nil
}

// once returns a client that does not retry.
func once(addr string) *s3.Client {
	return s3.New(client(addr).Options(), func(o *s3.Options) { o.RetryMaxAttempts = 1 })
}

// reopen starts the store in this process after the killed one has released its
// files.
func reopen(t *testing.T, dir string, process *os.Process) *world {
	t.Helper()
	if _, err := process.Wait(); err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, dir: dir}
	w.start()
	t.Cleanup(w.stop)
	return w
}

func TestAnObjectWrittenJustBeforeTheProcessIsKilledStillCausesItsEvent(t *testing.T) {
	dir := shortDir(t)
	addr, process := child(t, dir, "event")
	key := "users/u 1/input/ü+photo.jpg"
	_, err := once(addr).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: strings.NewReader("a photo"),
		Metadata: map[string]string{"objects": "1,2,3,4"},
	})
	if err == nil {
		t.Fatal("the killed process answered")
	}
	w := reopen(t, dir, process)
	if e := w.nextEvent(); e.key != "users/u+1/input/%C3%BC%2Bphoto.jpg" || e.name != "ObjectCreated:Put" || e.size != 7 || e.etag == "" {
		t.Errorf("unexpected event %+v", e)
	}
	if body, out := w.get(key); body != "a photo" || out.Metadata["objects"] != "1,2,3,4" {
		t.Errorf("the object is %q with %v", body, out.Metadata)
	}
	w.noEvent()
	w.stop()
	w.start()
	w.noEvent()
}

func TestInterruptedUploadIsRemoved(t *testing.T) {
	for name, before := range map[string]bool{"of a new object": false, "over another object": true} {
		t.Run(name, func(t *testing.T) {
			dir := shortDir(t)
			addr, process := child(t, dir, "")
			key := "users/u/input/photo.jpg"
			if before {
				if _, err := client(addr).PutObject(t.Context(), &s3.PutObjectInput{
					Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: strings.NewReader("before"),
				}); err != nil {
					t.Fatal(err)
				}
			}
			link, err := s3.NewPresignClient(client(addr)).PresignPutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String(objectstore.DataBucket), Key: &key,
			})
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(link.URL)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 5000000\r\n\r\n%s", u.RequestURI(), u.Host, strings.Repeat("half a photo", 1000))
			if err != nil {
				t.Fatal(err)
			}
			waitForIntent(t, dir, before)
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
			w := reopen(t, dir, process)
			if before {
				if e := w.nextEvent(); e.size != 6 {
					t.Errorf("unexpected event %+v", e)
				}
			}
			w.noEvent()
			head, err := w.s3.HeadObject(w.ctx(), &s3.HeadObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key})
			switch {
			case before && (err != nil || *head.ContentLength != 6):
				t.Errorf("the object before is %+v: %v", head, err)
			case !before && code(err) != "NotFound":
				t.Errorf("the half photo: %v", err)
			}
		})
	}
}

// waitForIntent polls the child's database file for the content of the intent;
// the file itself is locked.
func waitForIntent(t *testing.T, dir string, replacing bool) {
	t.Helper()
	eventually(t, "an intent is recorded", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "queue.db"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), `"key":"users/u/input/photo.jpg"`) &&
			(!replacing || strings.Contains(string(text), `"before":"`))
	})
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestEveryObjectHasItsEventWheneverTheProcessIsKilled(t *testing.T) {
	for round := range 3 {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			dir := shortDir(t)
			addr, process := child(t, dir, "")
			var writers sync.WaitGroup
			answered := make(chan string, 10_000)
			for n := range 6 {
				writers.Go(func() {
					s := once(addr)
					for i := 0; ; i++ {
						key := fmt.Sprintf("users/u%d/input/%d.jpg", n, i)
						_, err := s.PutObject(context.Background(), &s3.PutObjectInput{
							Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: strings.NewReader("photo"),
						})
						if err != nil {
							return
						}
						answered <- key
					}
				})
			}
			eventually(t, "some puts are answered", func() bool { return len(answered) > 20*(round+1) })
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
			writers.Wait()
			w := reopen(t, dir, process)
			received := map[string]bool{}
			for w.events.Len() > 0 {
				received[w.nextEvent().key] = true
			}
			stored := map[string]bool{}
			pages := s3.NewListObjectsV2Paginator(w.s3, &s3.ListObjectsV2Input{Bucket: aws.String(objectstore.DataBucket)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(w.ctx())
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Contents {
					stored[*o.Key] = true
					if !received[*o.Key] {
						t.Errorf("%s caused no event", *o.Key)
					}
					if *o.ETag != `"5ae0c1c8a5260bc7b6648f6fbd115c35"` {
						t.Errorf("%s has ETag %s", *o.Key, *o.ETag)
					}
				}
			}
			close(answered)
			for key := range answered {
				if !stored[key] {
					t.Errorf("%s was answered and is gone", key)
				}
			}
			t.Logf("%d objects, %d events", len(stored), len(received))
		})
	}
}
