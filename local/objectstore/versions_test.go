package objectstore_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
)

// version reads one version, the current one if id is empty, by GET and HEAD,
// which must agree. It returns the error's code if there is none.
func (w *world) version(key, id string) (body, found string) {
	w.Helper()
	bucket := aws.String(objectstore.DataBucket)
	out, err := w.s3.GetObject(w.ctx(), &s3.GetObjectInput{Bucket: bucket, Key: &key, VersionId: named(id)})
	head, headErr := w.s3.HeadObject(w.ctx(), &s3.HeadObjectInput{Bucket: bucket, Key: &key, VersionId: named(id)})
	if (err == nil) != (headErr == nil) {
		w.Fatalf("version %q of %s: GET %v, HEAD %v", id, key, err, headErr)
	}
	if err != nil {
		return "", code(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		w.Fatal(err)
	}
	found = aws.ToString(out.VersionId)
	if aws.ToString(head.VersionId) != found || *head.ContentLength != int64(len(data)) || *head.ETag != *out.ETag || fmt.Sprint(head.Metadata) != fmt.Sprint(out.Metadata) {
		w.Fatalf("version %q of %s: GET returns %+v, HEAD %+v", id, key, out, head)
	}
	return string(data) + fmt.Sprint(out.Metadata), found
}

func named(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// kept returns the files of noncurrent versions.
func (w *world) kept() (files []string) {
	w.Helper()
	for _, part := range []string{"objects", "metadata"} {
		root := filepath.Join(w.dir, "s3", part, objectstore.DataBucket, ".sgwtmp", "versions")
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err == nil && path != root {
				files = append(files, strings.TrimPrefix(path, root))
			}
			return nil
		})
		if err != nil {
			w.Fatal(err)
		}
	}
	return files
}

func TestADeletionThatIfMatchRefusesLeavesEveryVersion(t *testing.T) {
	w := newWorld(t)
	bucket := aws.String(objectstore.DataBucket)
	one := func(key string, etag *string) string {
		_, err := w.s3.DeleteObject(w.ctx(), &s3.DeleteObjectInput{Bucket: bucket, Key: &key, IfMatch: etag})
		return code(err)
	}
	batch := func(key string, etag *string) string {
		out, err := w.s3.DeleteObjects(w.ctx(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: &key, ETag: etag}}}})
		if err == nil && len(out.Errors) > 0 {
			return aws.ToString(out.Errors[0].Code)
		}
		return code(err)
	}
	for name, remove := range map[string]func(key string, etag *string) string{"one": one, "a batch": batch} {
		for _, key := range []string{"users/u/input/a.jpg", "users/u/output/a.json"} { // with versions and without
			first, second := w.put(key, "one"), w.put(key, "two")
			if got := remove(key, first.ETag); got != "PreconditionFailed" {
				t.Errorf("%s: deleting %s by an old ETag gave %q", name, key, got)
			}
			for body, out := range map[string]*s3.PutObjectOutput{"onemap[]": first, "twomap[]": second} {
				if id := aws.ToString(out.VersionId); id != "" || out == second {
					if got, _ := w.version(key, id); got != body {
						t.Errorf("%s: version %q of %s is %q, want %q", name, id, key, got, body)
					}
				}
			}
			if got := remove(key, second.ETag); got != "<nil>" {
				t.Errorf("%s: deleting %s by the current ETag gave %q", name, key, got)
			}
			if got := remove(key, aws.String("*")); got != "NoSuchKey" {
				t.Errorf("%s: deleting %s, which does not exist, gave %q", name, key, got)
			}
			w.put(key, "three")
			if got := remove(key, aws.String("*")); got != "<nil>" {
				t.Errorf("%s: deleting %s, which exists, gave %q", name, key, got)
			}
		}
	}
	if files := w.kept(); len(files) != 0 {
		t.Errorf("left %v", files)
	}
}

func TestEachWriteOfAPhotoIsAVersion(t *testing.T) {
	w := newWorld(t)
	key, bucket := "users/u/input/a photo+ü.jpg", aws.String(objectstore.DataBucket)
	source := "gen3d-local-data/users/u/input/a%20photo%2B%C3%BC.jpg"
	type writing struct{ name, want, id string }
	var made []writing
	note := func(name, want string, id *string) {
		made = append(made, writing{name, want, aws.ToString(id)})
	}
	meta := func(n string) map[string]string { return map[string]string{"n": n} }

	note("ObjectCreated:Put", "onemap[n:1]", w.put(key, "one", func(in *s3.PutObjectInput) { in.Metadata = meta("1") }).VersionId)
	note("ObjectCreated:Put", "onemap[n:1]", w.put(key, "one", func(in *s3.PutObjectInput) { in.Metadata = meta("1") }).VersionId)
	status, header, text := w.post(w.presign(postPolicy{key: key}), nil, []byte("posted"))
	if status != http.StatusNoContent {
		t.Fatalf("posting: %d %s", status, text)
	}
	note("ObjectCreated:Post", "postedmap[]", aws.String(header.Get("X-Amz-Version-Id")))
	itself, err := w.s3.CopyObject(w.ctx(), &s3.CopyObjectInput{
		Bucket: bucket, Key: &key, CopySource: &source, MetadataDirective: types.MetadataDirectiveReplace, Metadata: meta("4"),
	})
	if err != nil || aws.ToString(itself.CopySourceVersionId) != made[2].id {
		t.Fatalf("copying onto itself: %+v, %v", itself, err)
	}
	note("ObjectCreated:Copy", "postedmap[n:4]", itself.VersionId)
	older, err := w.s3.CopyObject(w.ctx(), &s3.CopyObjectInput{Bucket: bucket, Key: &key, CopySource: aws.String(source + "?versionId=" + made[0].id)})
	if err != nil || aws.ToString(older.CopySourceVersionId) != made[0].id {
		t.Fatalf("copying an old version: %+v, %v", older, err)
	}
	note("ObjectCreated:Copy", "onemap[n:1]", older.VersionId)
	w.multipart(key, meta("6"), []byte("parts"))
	_, last := w.version(key, "")
	note("ObjectCreated:CompleteMultipartUpload", "partsmap[n:6]", &last)

	ids := map[string]bool{}
	for i, m := range made {
		e := w.nextEvent()
		if e.name != m.name || e.version != m.id || m.id == "" || ids[m.id] {
			t.Errorf("writing %d is version %q and its event is %+v", i+1, m.id, e)
		}
		ids[m.id] = true
		if body, found := w.version(key, m.id); body != m.want || found != m.id {
			t.Errorf("version %d is %q with ID %q, want %q", i+1, body, found, m.want)
		}
	}
	if _, err := w.s3.CopyObject(w.ctx(), &s3.CopyObjectInput{Bucket: bucket, Key: &key, CopySource: &source}); code(err) != "InvalidRequest" {
		t.Errorf("a copy onto itself that changes nothing gave %v", err)
	}
	if body, found := w.version(key, ""); body != "partsmap[n:6]" || found != last {
		t.Errorf("the newest is %q, %s", body, found)
	}
	listed := w.list(s3.ListObjectsV2Input{})
	if got := keysOf(listed.Contents); !slices.Equal(got, []string{key}) {
		t.Errorf("the list shows %q", got)
	}
	w.noEvent()
	w.stop()
	w.start()
	for i, m := range made {
		if body, found := w.version(key, m.id); body != m.want || found != m.id {
			t.Errorf("after a restart version %d is %q with ID %q, want %q", i+1, body, found, m.want)
		}
	}
}

func TestDeleteRemovesOneVersionOrAll(t *testing.T) {
	w := newWorld(t)
	key, bucket := "users/u/input/photo.jpg", aws.String(objectstore.DataBucket)
	var ids []string
	for n := range 4 {
		out := w.put(key, fmt.Sprint("photo ", n), func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"n": fmt.Sprint(n)} })
		ids = append(ids, *out.VersionId)
		w.nextEvent()
	}
	remove := func(id string) {
		t.Helper()
		out, err := w.s3.DeleteObject(w.ctx(), &s3.DeleteObjectInput{Bucket: bucket, Key: &key, VersionId: named(id)})
		if err != nil || aws.ToString(out.VersionId) != id {
			t.Fatalf("deleting version %q: %+v, %v", id, out, err)
		}
	}
	newest := func(n int) {
		t.Helper()
		if body, id := w.version(key, ""); body != fmt.Sprintf("photo %dmap[n:%d]", n, n) || id != ids[n] {
			t.Errorf("the newest is %q, %s, want %d", body, id, n)
		}
	}
	remove(ids[3])
	newest(2)
	remove(ids[3]) // S3 does not report whether it existed
	remove(ids[1])
	newest(2)
	for _, gone := range []string{ids[1], ids[3]} {
		if _, found := w.version(key, gone); found != "NoSuchVersion" && found != "NotFound" {
			t.Errorf("a deleted version gives %s", found)
		}
	}
	remove(ids[2])
	newest(0)
	w.put(key, "another")
	w.nextEvent()
	remove("")
	for _, id := range append(ids, "") {
		if body, found := w.version(key, id); body != "" {
			t.Errorf("version %q is still there: %q, %s", id, body, found)
		}
	}
	one := w.put(key, "one more", func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
	w.nextEvent()
	out, err := w.s3.DeleteObjects(w.ctx(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{
		Objects: []types.ObjectIdentifier{{Key: &key, VersionId: one.VersionId}},
	}})
	if err != nil || len(out.Errors) != 0 || len(out.Deleted) != 1 {
		t.Errorf("deleting the only version gave %+v, %v", out, err)
	}
	if left := w.kept(); len(left) != 0 {
		t.Errorf("left on disk: %q", left)
	}
	w.noEvent()
}

func TestOnlyAVersionOfTheKeyIsReadByItsID(t *testing.T) {
	w := newWorld(t)
	mine, theirs := "users/u/input/photo.jpg", "users/v/input/photo.jpg"
	w.put(mine, "mine")
	id := *w.put(theirs, "theirs").VersionId
	w.put(theirs, "theirs again")
	if body, found := w.version(mine, id); body != "" || found != "NoSuchVersion" {
		t.Errorf("another key's version gives %q, %s", body, found)
	}
	if _, found := w.version("users/u/input/none.jpg", id); found != "NoSuchVersion" {
		t.Errorf("a version of nothing gives %s", found)
	}
	for _, wrong := range []string{"../../../users/v/input/photo.jpg", "x", "null/..", strings.ToLower(id) + "/"} {
		if _, err := w.s3.GetObject(w.ctx(), &s3.GetObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &mine, VersionId: &wrong}); code(err) != "InvalidArgument" {
			t.Errorf("reading version %q gives %v", wrong, err)
		}
		if _, err := w.s3.DeleteObject(w.ctx(), &s3.DeleteObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &mine, VersionId: &wrong}); code(err) != "InvalidArgument" {
			t.Errorf("deleting version %q gives %v", wrong, err)
		}
	}
}

// An object from before its key had versions is the null version.
func TestAnObjectWithoutAVersionStaysAsItWas(t *testing.T) {
	w := newWorld(t)
	key := "users/u/input/photo.jpg"
	w.put(key, "old", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"n": "1"} })
	w.nextEvent()
	w.stop()
	if err := os.Remove(filepath.Join(w.dir, "s3", "metadata", objectstore.DataBucket, key, "meta", "version-id")); err != nil {
		t.Fatal(err)
	}
	w.start()
	if body, id := w.version(key, ""); body != "oldmap[n:1]" || id != "" {
		t.Errorf("it is %q with ID %q", body, id)
	}
	w.put(key, "new")
	if body, _ := w.version(key, "null"); body != "oldmap[n:1]" {
		t.Errorf("its null version is %q", body)
	}
	if body, id := w.version(key, ""); body != "newmap[]" || id == "" {
		t.Errorf("the new one is %q with ID %q", body, id)
	}
}

// After a kill at any time, every write that was answered is a complete version
// with its event, and a version whose deletion was answered does not exist.
func TestAKilledWriterLeavesWholeVersions(t *testing.T) {
	key := "users/u/input/photo.jpg"
	for round := range 4 {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			dir := shortDir(t)
			addr, process := child(t, dir, "")
			answered, deleted := make(chan [2]string, 100_000), make(chan string, 100_000)
			var writers sync.WaitGroup
			for writer := range 3 {
				writers.Go(func() {
					for n := writer + 1; ; n += 3 {
						body := fmt.Sprint("photo ", n)
						out, err := once(addr).PutObject(context.Background(), &s3.PutObjectInput{
							Bucket: aws.String(objectstore.DataBucket), Key: &key, Body: strings.NewReader(body),
							Metadata: map[string]string{"n": fmt.Sprint(n)},
						})
						if err != nil {
							return
						}
						if n%4 > 1 {
							answered <- [2]string{aws.ToString(out.VersionId), body + fmt.Sprintf("map[n:%d]", n)}
							continue
						}
						_, err = once(addr).DeleteObject(context.Background(), &s3.DeleteObjectInput{
							Bucket: aws.String(objectstore.DataBucket), Key: &key, VersionId: out.VersionId,
						})
						if err != nil {
							return
						}
						deleted <- aws.ToString(out.VersionId)
					}
				})
			}
			eventually(t, "some puts are answered", func() bool { return len(answered) > 15+7*round })
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
			writers.Wait()
			w := reopen(t, dir, process)
			received := map[string]int{}
			for w.events.Len() > 0 {
				received[w.nextEvent().version]++
			}
			close(deleted)
			gone := map[string]bool{}
			for id := range deleted {
				gone[id] = true
				if body, found := w.version(key, id); body != "" {
					t.Errorf("version %s was deleted and is %q, %s", id, body, found)
				}
			}
			close(answered)
			for pair := range answered {
				if body, found := w.version(key, pair[0]); body != pair[1] || found != pair[0] {
					t.Errorf("version %q is %q, %s; want %q", pair[0], body, found, pair[1])
				}
				if received[pair[0]] == 0 {
					t.Errorf("version %s has no event", pair[0])
				}
			}
			for id := range received {
				body, found := w.version(key, id)
				bytes, n, _ := strings.Cut(body, "map[n:")
				if body == "" && (gone[id] || found == "NoSuchVersion") {
					continue // even if the process was killed before it answered the deletion
				}
				if bytes != "photo "+strings.TrimSuffix(n, "]") {
					t.Errorf("the event's version %s is %q", id, body)
				}
			}
			if body, id := w.version(key, ""); gone[id] || !strings.HasPrefix(body, "photo ") {
				t.Errorf("the newest is %q, %s", body, id)
			}
			w.put(key, "after")
			if e := w.nextEvent(); received[e.version] != 0 {
				t.Errorf("the next writing is a version of before, %s", e.version)
			}
			t.Logf("%d versions, %d deleted", len(received), len(gone))
		})
	}
}
