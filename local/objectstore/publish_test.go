package objectstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/objectstore"
)

// After a kill at any time, an object is one of those that were put, not the
// content of one with the metadata of another.
func TestAKilledWriterLeavesAWholeObject(t *testing.T) {
	key := "users/u/output/j/notified.json"
	for round := range 6 {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			dir := shortDir(t)
			addr, process := child(t, dir, "")
			answers := make(chan struct{}, 100_000)
			var writers sync.WaitGroup
			for writer := range 3 {
				writers.Go(func() {
					for n := writer + 1; ; n += 3 {
						_, err := once(addr).PutObject(t.Context(), &s3.PutObjectInput{
							Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: bytes.NewReader(written(n)),
							Metadata: map[string]string{"n": strconv.Itoa(n)},
						})
						if err != nil {
							return
						}
						answers <- struct{}{}
					}
				})
			}
			eventually(t, "some puts are answered", func() bool { return len(answers) > 20+7*round })
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
			writers.Wait()
			w := reopen(t, dir, process)
			body, out := w.get(key)
			if wrong := torn(out.Metadata, out.ETag, *out.ContentLength, []byte(body)); wrong != "" {
				t.Error(wrong)
			}
			if left, err := os.ReadDir(filepath.Join(dir, "s3", "publishing")); err != nil || len(left) != 0 {
				t.Errorf("%d publications are left: %v", len(left), err)
			}
		})
	}
}

// A process can be killed right before or right after it puts an object in its
// place.
func TestTheMetadataOfAKilledWriterGoesWithItsObject(t *testing.T) {
	for name, c := range map[string]struct {
		inode uint64 // added to the inode of the object's file
		n     string
	}{
		"the object is in its place":  {0, "2"},
		"the object has no place yet": {1, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key := "users/u/output/j/notified.json"
			w.put(key, "lease", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"n": "1", "old": "yes"} })
			w.put("users/u/output/j/other.json", "lease", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"n": "2"} })
			w.stop()

			folder := filepath.Join(w.dir, "s3")
			object := filepath.Join(objectstore.DataBucket, filepath.FromSlash(key))
			info, err := os.Stat(filepath.Join(folder, "objects", object))
			if err != nil {
				t.Fatal(err)
			}
			record, err := json.Marshal(map[string]string{
				"path": object,
				"file": fmt.Sprintf("%d-%d-%d", info.Sys().(*syscall.Stat_t).Ino+c.inode, info.Size(), info.ModTime().UnixNano()),
			})
			if err != nil {
				t.Fatal(err)
			}
			left := filepath.Join(folder, "publishing", "7")
			if err := os.MkdirAll(filepath.Join(left, "b", "o"), 0o755); err != nil {
				t.Fatal(err)
			}
			other := filepath.Join(folder, "metadata", objectstore.DataBucket, "users", "u", "output", "j", "other.json", "meta")
			if err := os.Rename(other, filepath.Join(left, "b", "o", "meta")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(left, "publishing.json"), record, 0o644); err != nil {
				t.Fatal(err)
			}
			w.start()
			_, out := w.get(key)
			if out.Metadata["n"] != c.n || (out.Metadata["old"] == "yes") != (c.n == "1") {
				t.Errorf("the metadata is %v, want n %s", out.Metadata, c.n)
			}
			if _, err := os.Stat(left); !os.IsNotExist(err) {
				t.Errorf("the publication is left: %v", err)
			}
		})
	}
}
