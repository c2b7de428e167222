package transfer_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/transfer"
	"gen3d/tests/support/hubtest"
)

func TestPushStoresEveryFile(t *testing.T) {
	w := newWorld(t)
	w.hub.PageSize = 3
	files := map[string]hubtest.File{
		"ss_generator.ckpt":        {Size: 5*partMiB + 77, LFS: true},
		"exactly two parts.ckpt":   {Size: 2 * partMiB, LFS: true},
		"exactly one part.ckpt":    {Size: partMiB, LFS: true},
		"big but of git.yaml":      {Size: partMiB + 1},
		"empty.safetensors":        {},
		"empty and large.ckpt":     {LFS: true},
		"deeper/größe + 100%.ckpt": {Size: partMiB + 5, LFS: true},
		"deeper/name#with?signs":   {Size: 50},
	}
	want := map[string][2]string{}
	for path, from := range usual {
		want[path] = from
	}
	var all []hubtest.File
	for name, file := range files {
		file.Path = "checkpoints/" + name
		all = append(all, file)
		want["sam3d/"+name] = [2]string{sam3d, file.Path}
	}
	w.checkpoints(commit, all...)
	before := w.plan()
	if size, uploaded := before.Size(); uploaded != 0 || before.Finished() || len(before.Items) != len(want) {
		t.Fatalf("before, %d of %d bytes and %d files are there", uploaded, size, len(before.Items))
	}
	r := w.mustPush()
	w.tidy(want)
	size, _ := before.Size()
	if r.stored != size || len(r.finished) != len(want) {
		t.Errorf("%d bytes and %d files were reported, want %d and %d", r.stored, len(r.finished), size, len(want))
	}
	record, _ := w.record()
	if len(record.Files) != len(want) || len(record.Sources) != 3 || record.Sources[0].Commit != commit || record.Sources[0].Revision != "main" {
		t.Errorf("weights.json is %+v", record)
	}
	for _, f := range record.Files {
		if digest := "sha256:" + w.hub.SHA256(want[f.Path][0], want[f.Path][1]); strings.HasPrefix(string(f.Digest), "sha256:") && string(f.Digest) != digest {
			t.Errorf("weights.json says %s of %s, want %s", f.Digest, f.Path, digest)
		}
	}
	if after := w.plan(); !after.Finished() || len(after.Extraneous) > 0 {
		t.Errorf("afterwards the plan is %+v", after)
	}
	w.hub.Forget()
	if r := w.mustPush(); r.stored != 0 || len(r.finished) != 0 {
		t.Errorf("a second push stored %d bytes", r.stored)
	}
	for _, request := range w.hub.Requests() {
		if request.Storage {
			t.Errorf("a second push downloaded %s", request.Path)
		}
	}
}

func TestDroppedConnectionsDownloadNothingTwice(t *testing.T) {
	w := newWorld(t)
	w.hub.Cut = 700_001
	w.mustPush()
	w.tidy(usual)
	plan := w.plan()
	size, _ := plan.Size()
	// ReadCatalog downloads pipeline.yaml each time.
	if served, most := w.hub.Served(), size+1000; served > most {
		t.Errorf("%d bytes were downloaded of %d", served, size)
	}
}

func TestWrongBytesAreNotStored(t *testing.T) {
	for path, file := range map[string]string{"sam3d/ss_generator.ckpt": "checkpoints/ss_generator.ckpt", "sam3d/small.ckpt": "checkpoints/small.ckpt"} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 3*partMiB + 1, LFS: true}, hubtest.File{Path: "checkpoints/small.ckpt", Size: 99, LFS: true})
			w.hub.Corrupt(sam3d, file, true)
			err := w.push(t.Context(), w.s3, &tally{})
			var wrong *transfer.WrongBytes
			if !errors.As(err, &wrong) || wrong.File.Path != path || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), w.hub.SHA256(sam3d, file)) {
				t.Fatalf("the error is %v", err)
			}
			if got := w.sum(path); got != "" {
				t.Errorf("%s is in the bucket with SHA-256 %s", path, got)
			}
			if parts := w.parts(weights.Prefix + path); len(parts) > 0 {
				t.Errorf("parts %v of wrong bytes are left", parts)
			}
			if _, there := w.record(); there {
				t.Error("there is a weights.json")
			}
			w.hub.Corrupt(sam3d, file, false)
			w.mustPush()
			if got := w.sum(path); got != w.hub.SHA256(sam3d, file) {
				t.Errorf("in the end %s has SHA-256 %q", path, got)
			}
		})
	}
}

func TestNewerVersionReplacesObjectsAndUploads(t *testing.T) {
	w := newWorld(t)
	w.mustPush()
	w.checkpoints(later, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 4*partMiB + 9, LFS: true})
	w.hub.Rate = 40 << 20
	w.interrupt(2 * partMiB)
	if _, there := w.record(); there {
		t.Error("weights.json is there while the push is half done")
	}
	// Yet another version, of the same size.
	again := strings.Repeat("e2", 20)
	w.checkpoints(again, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 4*partMiB + 9, LFS: true})
	w.mustPush()
	if got, want := w.sum("sam3d/ss_generator.ckpt"), w.hub.SHA256(sam3d, "checkpoints/ss_generator.ckpt"); got != want {
		t.Errorf("the file has SHA-256 %s, want %s", got, want)
	}
	record, there := w.record()
	if !there || record.Sources[0].Commit != again {
		t.Errorf("weights.json is %+v", record)
	}
}

func TestStorageWithoutRanges(t *testing.T) {
	w := newWorld(t)
	w.hub.NoRanges = true
	w.mustPush()
	w.tidy(usual)
}

func TestTemporaryHubFailuresAreRetried(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	asked := map[string]int{} // by path; a request is tried ten times
	w.hub.Fault = func(rw http.ResponseWriter, r *http.Request, storage bool) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		switch {
		case asked[r.URL.Path] == 1 && !storage:
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusTooManyRequests)
		case asked[r.URL.Path] == 2:
			rw.WriteHeader(http.StatusInternalServerError)
		case asked[r.URL.Path] == 3:
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	}
	w.mustPush()
	w.tidy(usual)
}

func TestLostAccessIsReportedAndKeepsTheParts(t *testing.T) {
	w := newWorld(t)
	w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 14*partMiB + 77, LFS: true})
	w.hub.Rate = 40 << 20
	r := &tally{after: partMiB, at: func() {
		w.hub.Change(func(h *hubtest.Hub) {
			h.Granted = false
			h.Fault = func(rw http.ResponseWriter, r *http.Request, storage bool) bool {
				// Only those of the gated repository: another one has no access to
				// lose, and its files can still be in transfer.
				expired := storage && strings.HasPrefix(r.URL.Path, "/"+sam3d+"/")
				if expired {
					rw.WriteHeader(http.StatusForbidden) // the link has expired
				}
				return expired
			}
		})
	}}
	err := w.push(t.Context(), w.s3, r)
	if refusal := new(hub.Refusal); !errors.As(err, &refusal) || refusal.Reason != hub.NotGranted {
		t.Fatalf("the error is %v", err)
	}
	w.hub.Change(func(h *hubtest.Hub) { h.Granted, h.Fault = true, nil })
	if len(w.parts(generatorKey)) == 0 {
		t.Error("the parts are gone")
	}
	w.mustPush()
	w.tidy(usual)
}
