package transfer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/transfer"
	"gen3d/tests/support/hubtest"
)

func TestInterruptedPushIsResumed(t *testing.T) {
	w := newWorld(t)
	w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: 24*partMiB + 77, LFS: true})
	w.hub.Rate = 40 << 20
	uploaded := map[int32]bool{}
	for round := range 2 {
		w.hub.Forget()
		w.interrupt(3 * partMiB)
		for _, request := range w.hub.Requests() {
			var first, last int64
			if n, _ := fmt.Sscanf(request.Range, "bytes=%d-%d", &first, &last); n == 2 && request.Storage && strings.Contains(request.Path, "generator") && uploaded[int32(first/partMiB)+1] {
				t.Errorf("round %d downloaded part %d again", round, first/partMiB+1)
			}
		}
		numbers := w.parts(generatorKey)
		if len(numbers) < 2*(round+1) {
			t.Fatalf("after %d rounds S3 has the parts %v", round+1, numbers)
		}
		for _, n := range numbers {
			uploaded[n] = true
		}
		plan := w.plan()
		at := slices.IndexFunc(plan.Items, func(i transfer.Item) bool { return i.Path == "sam3d/ss_generator.ckpt" })
		if item := plan.Items[at]; item.State != transfer.Partly || item.Uploaded != int64(len(numbers))*partMiB {
			t.Errorf("the plan says %s, %d bytes; S3 has the parts %v", item.State, item.Uploaded, numbers)
		}
	}
	w.hub.Change(func(h *hubtest.Hub) { h.Rate = 0 })
	w.hub.Forget()
	before := w.plan()
	size, there := before.Size()
	r := w.mustPush()
	w.tidy(usual)
	if r.stored != size-there {
		t.Errorf("%d bytes were stored, %d of %d were missing", r.stored, size-there, size)
	}
	if served, most := w.hub.Served(), size-there+1000; served > most {
		t.Errorf("%d bytes were downloaded, %d were missing", served, size-there)
	}
}

func TestWrongPartsOfAnEarlierPushAreDetected(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 40 << 20
	// More parts than fit into memory, so that the push is interrupted before it
	// has seen all of the file.
	w.checkpoints(commit, hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: (transfer.Parts+4)*partMiB + 77, LFS: true})
	w.hub.Corrupt(sam3d, "checkpoints/ss_generator.ckpt", true)
	w.interrupt(2 * partMiB)
	w.hub.Corrupt(sam3d, "checkpoints/ss_generator.ckpt", false)
	if len(w.parts(generatorKey)) == 0 {
		t.Fatal("S3 has no part")
	}
	err := w.push(t.Context(), w.s3, &tally{})
	if err == nil {
		// The parts were inconsistent, which was detected.
		w.tidy(usual)
		return
	}
	if wrong := new(transfer.WrongBytes); !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	if w.sum("sam3d/ss_generator.ckpt") != "" || len(w.parts(generatorKey)) != 0 {
		t.Error("wrong bytes are left")
	}
	w.mustPush()
	w.tidy(usual)
}

func TestPartsWithoutRecordsAreFetchedAgain(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 40 << 20
	w.interrupt(3 * partMiB)
	id := w.uploads()[generatorKey]
	for _, key := range w.keys(weights.UploadsPrefix + id + "/") {
		if strings.HasSuffix(key, "/upload.json") {
			continue
		}
		if _, err := w.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	w.mustPush()
	w.tidy(usual)
}

func TestUploadAbortedByTheLifecycleIsRestarted(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 40 << 20
	w.interrupt(2 * partMiB)
	w.abort(generatorKey, w.uploads()[generatorKey])
	w.mustPush()
	w.tidy(usual) // and no records of the ended one
}

func TestUploadAbortedDuringThePushIsRestarted(t *testing.T) {
	w := newWorld(t)
	w.hub.Rate = 100 << 20
	r := &tally{after: 2 * partMiB, at: func() { w.abort(generatorKey, w.uploads()[generatorKey]) }}
	if err := w.push(t.Context(), w.s3, r); err != nil {
		t.Fatal(err)
	}
	w.tidy(usual)
	plan := w.plan()
	if size, _ := plan.Size(); r.stored != size {
		t.Errorf("%d bytes are reported as stored, of %d", r.stored, size)
	}
}
