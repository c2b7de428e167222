package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/transfer"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/program"
	"gen3d/tests/support/s3test"
)

// memoryBound is the maximum resident memory of a push, in bytes.
const memoryBound = 200_000_000

// TestPushAfterTwoKillsStoresTheRightBytes runs the built program with a
// generated repository of 200 MB, or of GEN3D_WEIGHTS_BYTES, and kills it
// twice.
func TestPushAfterTwoKillsStoresTheRightBytes(t *testing.T) {
	total := int64(200_000_000)
	if value := os.Getenv("GEN3D_WEIGHTS_BYTES"); value != "" {
		var err error
		if total, err = strconv.ParseInt(value, 10, 64); err != nil || total < 100_000_000 {
			t.Fatalf("GEN3D_WEIGHTS_BYTES is %q; set it to 100000000 or more", value)
		}
	}
	h := newHub(t,
		hubtest.File{Path: "checkpoints/ss_generator.ckpt", Size: total/2 + 1, LFS: true},
		hubtest.File{Path: "checkpoints/slat_generator.ckpt", Size: total / 3, LFS: true},
		hubtest.File{Path: "checkpoints/slat_decoder_mesh.ckpt", Size: total / 6, LFS: true},
	)
	names := []string{"ss_generator.ckpt", "slat_generator.ckpt", "slat_decoder_mesh.ckpt"}
	h.Rate = 60_000_000 // per connection, so that there is time to kill
	program := build(t)

	peak, began := int64(0), time.Now()
	uploaded := map[string]bool{}
	for round := range int64(2) {
		process := start(t, program, h)
		until(t, "enough is stored", func() bool {
			peak = max(peak, residentPeak(process.Process.Pid))
			return stored(t, names) >= total*(round+1)/3
		})
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := process.Wait(); err == nil {
			t.Fatal("the push ended before it was killed")
		}
		settle(t, names)
		again(t, h, uploaded)
		uploaded = parts(t, names)
		t.Logf("killed with %d MB stored, %d MB downloaded since the last kill", stored(t, names)/1e6, h.Served()/1e6)
		h.Forget()
	}
	there := stored(t, names)
	process := start(t, program, h)
	done := make(chan error, 1)
	go func() { done <- process.Wait() }()
	for ended := false; !ended; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("the third push: %v\n%s", err, process.Stderr)
			}
			ended = true
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, residentPeak(process.Process.Pid))
		}
	}
	took := time.Since(began)
	again(t, h, uploaded)
	if missing, served := total+5_000_000-there, h.Served(); served > missing+1_000_000 {
		t.Errorf("the third push downloaded %d bytes, and %d were missing", served, missing)
	}
	for _, name := range names {
		if got, want := sum(t, "sam3d/"+name), h.SHA256(sam3d, "checkpoints/"+name); got != want {
			t.Errorf("%s has SHA-256 %s in the bucket, %s at the hub", name, got, want)
		}
	}
	if _, err := s3test.Client(nil).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(objectstore.ModelBucket), Key: aws.String(weights.RecordKey)}); err != nil {
		t.Errorf("weights.json: %v", err)
	}
	t.Logf("%d MB in %s with two kills; at the peak the program had %.1f MB resident", total/1e6, took.Round(time.Second), float64(peak)/1e6)
	if runtime.GOOS == "linux" && (peak == 0 || peak > memoryBound) {
		t.Errorf("the program had %d bytes resident, more than %d", peak, memoryBound)
	}
}

// build builds the program.
func build(t *testing.T) string {
	t.Helper()
	gen3d := filepath.Join(t.TempDir(), "gen3d")
	if err := program.Build(gen3d, "gen3d/cmd/gen3d"); err != nil {
		t.Fatal(err)
	}
	return gen3d
}

func start(t *testing.T, program string, h *hubtest.Hub) *exec.Cmd {
	t.Helper()
	command := exec.Command(program, onLocal("push", h)...)
	command.Env = append(os.Environ(), "HF_TOKEN="+secret)
	command.Stderr = new(bytes.Buffer)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // already ended after a successful test
	})
	return command
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
		time.Sleep(50 * time.Millisecond) // each look takes several requests
	}
}

// settle waits until S3 has stored what the killed program had sent.
func settle(t *testing.T, names []string) {
	t.Helper()
	steady, last := 0, int64(-1)
	until(t, "S3 is quiet", func() bool {
		time.Sleep(50 * time.Millisecond)
		now := stored(t, names)
		if now == last {
			steady++
		} else {
			steady, last = 0, now
		}
		return steady > 5
	})
}

// parts returns the parts in S3, as file name and part number; a finished file
// has all.
func parts(t *testing.T, names []string) map[string]bool {
	t.Helper()
	uploaded := map[string]bool{}
	visit(t, names, func(name string, number int32, _ int64) { uploaded[fmt.Sprintf("%s %d", name, number)] = true })
	return uploaded
}

// stored returns how many bytes of the files S3 has.
func stored(t *testing.T, names []string) int64 {
	t.Helper()
	sum := int64(0)
	visit(t, names, func(_ string, _ int32, size int64) { sum += size })
	return sum
}

func visit(t *testing.T, names []string, part func(name string, number int32, size int64)) {
	t.Helper()
	client, bucket := s3test.Client(nil), aws.String(objectstore.ModelBucket)
	uploads, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		key := aws.String(weights.Prefix + "sam3d/" + name)
		if head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key}); err == nil {
			for n := int32(1); int64(n-1)*transfer.PartSize < *head.ContentLength; n++ {
				part(name, n, min(transfer.PartSize, *head.ContentLength-int64(n-1)*transfer.PartSize))
			}
			continue
		}
		for _, u := range uploads.Uploads {
			if *u.Key != *key {
				continue
			}
			pages := s3.NewListPartsPaginator(client, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: u.UploadId})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					break // completed meanwhile: the next call finds the object
				}
				for _, p := range page.Parts {
					part(name, *p.PartNumber, *p.Size)
				}
			}
		}
	}
}

// again fails the test if a part was downloaded that S3 already had.
func again(t *testing.T, h *hubtest.Hub, uploaded map[string]bool) {
	t.Helper()
	for _, request := range h.Requests() {
		var first, last int64
		if n, _ := fmt.Sscanf(request.Range, "bytes=%d-%d", &first, &last); n != 2 || !request.Storage {
			continue
		}
		if part := fmt.Sprintf("%s %d", filepath.Base(request.Path), first/transfer.PartSize+1); uploaded[part] {
			t.Errorf("%s was downloaded again, and S3 had it", part)
		}
	}
}

func sum(t *testing.T, path string) string {
	t.Helper()
	out, err := s3test.Client(nil).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(objectstore.ModelBucket), Key: aws.String(weights.Prefix + path)})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer func() { _ = out.Body.Close() }()
	whole := sha256.New()
	if _, err := io.Copy(whole, out.Body); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(whole.Sum(nil))
}

// residentPeak returns a process's peak of resident memory in bytes, as
// reported by Linux; 0 elsewhere.
//
// The value that wait returns includes the memory of this process, from which
// the program was forked.
func residentPeak(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib * 1024
		}
	}
	return 0
}
