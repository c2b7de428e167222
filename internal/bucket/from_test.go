package bucket_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// announcedFrom returns the upload document of a new job of a photo.
func announcedFrom(t *testing.T, user, photo string) *job.Upload {
	t.Helper()
	ref := job.Ref{User: user, Job: newID(t, time.Now())}
	if err := open().MarkPending(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	return &job.Upload{
		Version: job.Version, JobID: ref.Job, UserID: user, Key: ref.PhotoKey("cup", ".jpg"), Name: "cup.jpg", ContentType: "image/jpeg",
		Objects: []job.Selection{{Mask: true}}, Options: job.Options{Formats: job.AllFormats}, From: &job.Origin{Key: photo},
	}
}

func TestAJobOfAnEarlierPhotoHasItsMasksBeforeThePhoto(t *testing.T) {
	b, user := open(), s3test.User(t)
	photo, mask := "users/"+user+"/input/a + ü.jpg", "users/"+user+"/input/a + ü.jpg.3.mask"
	s3test.Put(t, photo, "image/jpeg", nil, []byte("JPEG"))
	s3test.Put(t, mask, job.MaskContentType, nil, []byte("a mask"))
	u := announcedFrom(t, user, photo)
	ref := job.Ref{User: user, Job: u.JobID}
	if err := b.CreateFrom(t.Context(), u, map[int]job.MaskFile{1: {Key: mask}}, false); err != nil {
		t.Fatal(err)
	}
	if data, _ := s3test.Get(t, ref.MaskKey(u.Key, 1)); string(data) != "a mask" || len(s3test.Events(t, job.ExtractFunction, ref.InputPrefix())) != 0 {
		t.Errorf("the mask is %q, and there is a photo", data)
	}
	if err := b.StartFrom(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if data, _ := s3test.Get(t, u.Key); string(data) != "JPEG" || len(s3test.Events(t, job.ExtractFunction, ref.InputPrefix())) != 1 {
		t.Errorf("the photo is %q", data)
	}
}

func TestAJobWithoutItsPhotoOrMaskIsNotMade(t *testing.T) {
	b, user := open(), s3test.User(t)
	photo := "users/" + user + "/input/a.jpg"
	s3test.Put(t, photo, "image/jpeg", nil, []byte("JPEG"))
	for _, test := range []struct{ photo, mask string }{{photo, photo + ".1.mask"}, {photo + "x", photo}} {
		u := announcedFrom(t, user, test.photo)
		if err := b.CreateFrom(t.Context(), u, map[int]job.MaskFile{1: {Key: test.mask}}, true); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("the error is %v", err)
		}
		ref := job.Ref{User: user, Job: u.JobID}
		for _, prefix := range []string{ref.InputPrefix(), ref.OutputPrefix(), ref.PendingKey()} {
			if keys := s3test.Keys(t, prefix); len(keys) > 0 {
				t.Errorf("left are %v", keys)
			}
		}
	}
}

// The masks beside a photo have versions, like the photo itself.
func TestAJobIsDeletedWithItsOwnVersionsOfMasks(t *testing.T) {
	b, user := open(), s3test.User(t)
	photo := "users/" + user + "/input/a.jpg"
	mask := photo + ".1.mask"
	var jobs []*job.Manifest
	for i := range 2 {
		s3test.Put(t, mask, job.MaskContentType, nil, fmt.Appendf(nil, "mask %d", i))
		s3test.Put(t, photo, "image/jpeg", nil, fmt.Appendf(nil, "photo %d", i))
		m := newManifest(job.Ref{User: user, Job: newID(t, time.Now())}, "")
		stored, err := b.Photo(t.Context(), photo, "")
		if err != nil {
			t.Fatal(err)
		}
		m.Source.Key, m.Source.VersionID = photo, stored.VersionID
		if stored, err = b.Photo(t.Context(), mask, ""); err != nil {
			t.Fatal(err)
		}
		m.Objects[0].Mask = &job.MaskFile{Key: mask, VersionID: stored.VersionID}
		if _, err := b.CreateManifest(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, m)
	}
	remove := func(m *job.Manifest) {
		t.Helper()
		snapshot, err := b.Snapshot(t.Context(), m.Ref())
		if err != nil {
			t.Fatal(err)
		}
		if err := b.RemoveJob(t.Context(), snapshot); err != nil {
			t.Fatal(err)
		}
	}
	remove(jobs[1])
	if data, _ := s3test.Get(t, mask); string(data) != "mask 0" {
		t.Errorf("the other job's mask is %q", data)
	}
	remove(jobs[0])
	if left := s3test.Keys(t, "users/"+user+"/"); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}
