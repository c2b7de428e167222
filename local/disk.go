package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"syscall"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/internal/job"
	"gen3d/local/objectstore"
)

// disk watches the room on the disk of the data folder. Below minFree no new
// photo is taken, so that there is room for the meshes of those that are there;
// below a quarter of it all work is held until there is room again. What can be
// written to the queues' database at that time, where commits reuse pages, might
// not fit into S3, and so use a job's attempts up.
type disk struct {
	folder  string
	minFree int64
}

// leastFree is where work is held even if new photos are taken on any disk, in
// bytes: about what an object leaves.
const leastFree = 8 << 20

// free is how many bytes this process may still write. A disk that cannot be
// asked counts as one with room; its writes then tell.
func (d disk) free() (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.folder, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true // #nosec G115 -- no disk has 8 EB
}

// fits refuses a new photo, in words for its user.
func (d disk) fits(bytes int64) error {
	if free, known := d.free(); known && free-bytes < d.minFree {
		return fmt.Errorf("The service takes no new photos now: its disk has %s free and keeps %s for the jobs under way. Free space on it, then submit the photo again.", //nolint:staticcheck // a whole message
			job.Bytes(free), job.Bytes(d.minFree))
	}
	return nil
}

// paused reports whether all work waits until space is free.
func (d disk) paused() bool {
	free, known := d.free()
	return known && free < max(d.minFree/4, leastFree)
}

// admit refuses photos that come past the API.
func (d disk) admit(bucket, key string, bytes int64) error {
	if _, err := job.ParsePhotoKey(key); bucket != objectstore.DataBucket || err != nil {
		return nil
	}
	return d.fits(bytes)
}

// roomFirst refuses new jobs before the API function promises them a place.
type roomFirst struct {
	apiFunction
	disk disk
}

func (f roomFirst) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	if event.RequestContext.HTTP.Method == http.MethodPost && event.RawPath == "/api/jobs" {
		if err := f.disk.fits(0); err != nil {
			return noRoom(err)
		}
	}
	return f.apiFunction.Invoke(ctx, payload)
}

// noRoom is the API's problem document for a disk that is too full.
func noRoom(reason error) ([]byte, error) {
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
