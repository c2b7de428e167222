package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"syscall"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/handlers/api/route"
	"gen3d/internal/job"
	"gen3d/local/objectstore"
)

// disk checks the free space on the disk of the data folder. Below minFree, new
// photos are refused, so that there is space for the meshes of accepted ones;
// below a quarter of it, all work is paused until space is free again: a write
// to S3 would fail and use up a job's attempts, while the queues' database,
// which reuses pages, can still be written.
type disk struct {
	folder  string
	minFree int64
}

// leastFree is the free space, in bytes, below which work is paused even if
// minFree is 0: about the size of an object's results.
const leastFree = 8 << 20

// free returns the free space in bytes. If it is unknown, callers assume that
// there is enough.
func (d disk) free() (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.folder, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // Bsize is a uint32 on macOS; no disk has 8 EB
}

// fits returns an error, with a message for the user, if there is no space for
// a new photo.
func (d disk) fits(bytes int64) error {
	if free, known := d.free(); known && free-bytes < d.minFree {
		return fmt.Errorf("Gen3D takes no new photos now: its disk has %s free and keeps %s for unfinished jobs. Free some space, then send the photo again.", //nolint:staticcheck // a whole message
			job.Bytes(free), job.Bytes(d.minFree))
	}
	return nil
}

// paused reports whether all work waits until space is free.
func (d disk) paused() bool {
	free, known := d.free()
	return known && free < max(d.minFree/4, leastFree)
}

// admit refuses photos and masks that are uploaded to S3 without a job of the
// API.
func (d disk) admit(bucket, key string, bytes int64) error {
	if bucket != objectstore.DataBucket || !job.Versioned(key) {
		return nil
	}
	return d.fits(bytes)
}

// spaceCheck refuses new jobs while the disk is too full, before the API
// function creates them.
type spaceCheck struct {
	apiFunction
	disk disk
}

func (f spaceCheck) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event struct{ RouteKey string } // of an events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	if event.RouteKey == route.Create.Key() {
		if err := f.disk.fits(0); err != nil {
			return storageFull(err)
		}
	}
	return f.apiFunction.Invoke(ctx, payload)
}

// storageFull returns the API's problem document for a full disk.
func storageFull(reason error) ([]byte, error) {
	const status = http.StatusInsufficientStorage
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": "storage_full", "detail": reason.Error(),
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(events.APIGatewayV2HTTPResponse{
		StatusCode: status, Body: string(body),
		Headers: map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store"},
	})
}
