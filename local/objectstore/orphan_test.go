package objectstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/local/objectstore"
)

func TestAFirstWriteSucceedsAfterOneThatWasKilledHalfway(t *testing.T) {
	w := newWorld(t)
	first := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
	key := "users/u/output/j/job.json"
	w.put(key, "half", first)
	w.stop()
	// The state that a process killed between the two steps leaves:
	// attributes and no object.
	var objects []string
	err := filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Name() == "job.json" && !entry.IsDir() {
			objects = append(objects, path)
		}
		return err
	})
	if err != nil || len(objects) != 1 {
		t.Fatalf("the object lies at %q: %v", objects, err)
	}
	if err := os.Remove(objects[0]); err != nil {
		t.Fatal(err)
	}
	w.start()
	if _, err := w.read(key); code(err) != "NoSuchKey" {
		t.Fatalf("reading it gave %v", err)
	}
	w.put(key, "whole", first)
	if body, _ := w.get(key); body != "whole" {
		t.Errorf("the object is %q", body)
	}
	if _, err := w.tryPut(key, "again", first); code(err) != "PreconditionFailed" {
		t.Errorf("a second writer got %v", err)
	}
}

// read reads an object that may not exist.
func (w *world) read(key string) (*s3.GetObjectOutput, error) {
	return w.s3.GetObject(w.Context(), &s3.GetObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key})
}
