package modelserver_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// Whenever the worker is killed, every queued object ends in one result: the
// one that the worker was processing fails, all others wait and succeed. The
// tests of sam3d kill a worker twice as often, without the program.
func TestKilledWorkerLosesNoQueuedObject(t *testing.T) {
	t.Parallel()
	const jobs, objects, kills, repeats = 10, 4, 5, 10
	s := start(t, "DOUBLE_GPU_MS=40")
	queue := s.endpoint(4)
	var manifests []*job.Manifest
	for i := range jobs {
		file := []string{"cat.jpg", "coffee.jpg", "cat-cutout.png", "coins.png", "coffee-orientation-6.jpg"}[i%5]
		manifests = append(manifests, s.job(file, objects, uint32(i)))
	}
	for i, m := range manifests {
		for n := 1; n <= objects; n++ {
			queue.submit(m, n)
		}
		if i < repeats { // a repeated event queues an object again
			queue.submit(m, i%objects+1)
		}
	}
	ended := func() int { return int(queue.completed.Load() + queue.failed.Load()) }
	total := jobs*objects + repeats

	inHand := 0 // kills of a worker that may have been processing an object
	for k := range kills {
		// Every fifth kill is of a worker that is still loading.
		if loading := k%5 == 4; !loading {
			inHand++
			s.eventually("a good ping", func() bool { return s.ping().status == http.StatusOK })
			s.eventually("more results", func() bool { return ended() >= k*(total-2*kills)/kills })
		}
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		before := len(s.workers())
		s.eventually("a worker to kill", s.kill)
		s.eventually("a refused ping", func() bool {
			p := s.ping()
			return p.status == http.StatusServiceUnavailable && p.Code == "backend_restarting"
		})
		s.eventually("the next worker", func() bool { return len(s.workers()) > before })
	}
	s.eventually("the end of all requests", func() bool { return ended() == total })
	if p := s.ping(); p.status != http.StatusOK {
		t.Errorf("in the end the ping is answered %+v", p)
	}

	written := map[string]int{}
	for _, event := range s3test.Events(t, "notify", job.UsersPrefix+s.user+"/") {
		written[event.Records[0].S3.Object.URLDecodedKey]++
	}
	succeeded, failed := 0, 0
	for _, m := range manifests {
		for n := 1; n <= objects; n++ {
			if times := written[m.Ref().ResultKey(n)]; times != 1 {
				t.Errorf("the result of object %d of job %s was written %d times", n, m.JobID, times)
			}
			result := s3test.Document[job.Result](t, m.Ref().ResultKey(n))
			switch {
			case result.Index != n || result.Backend != job.BackendSAM3D:
				t.Errorf("object %d of job %s has the result %+v", n, m.JobID, result)
			case result.Status == job.StatusSucceeded:
				succeeded++
				checkFiles(t, result)
			case result.Error != nil && result.Error.Code == job.CodeModelFailed && result.Error.Message != "" && len(result.Files) == 0:
				failed++
			default:
				t.Errorf("object %d of job %s failed with %+v", n, m.JobID, result.Error)
			}
		}
	}
	if len(written) != jobs*objects || succeeded+failed != jobs*objects {
		t.Errorf("%d results were written; %d objects succeeded and %d failed", len(written), succeeded, failed)
	}
	// A worker processes one object at a time; the others wait.
	if failed == 0 || failed > inHand+1 {
		t.Errorf("%d objects failed for %d kills, %d of them of a worker that had been set up", failed, kills, inHand)
	}
	started := len(s.workers())
	if started != kills+1 {
		t.Errorf("%d workers were started for %d kills", started, kills)
	}
	if refusals := queue.failed.Load(); refusals != 0 {
		t.Errorf("the server let the endpoint give up %d requests", refusals)
	}
	t.Logf("%d requests for %d objects: %d succeeded, %d failed; %d kills, %d of them while the worker loaded; %d workers started",
		total, jobs*objects, succeeded, failed, kills, kills-inHand, started)
}

// checkFiles checks that the bucket has the files of a result.
func checkFiles(t *testing.T, result job.Result) {
	t.Helper()
	// The formats, and the preview and the mask, which every object has.
	if len(result.Files) != len(job.AllFormats)+2 || result.Mesh == nil || result.Mesh.Faces == 0 {
		t.Errorf("the result lacks something: %+v", result)
	}
	for _, f := range result.Files {
		data, ok := s3test.Get(t, f.Key)
		sum := sha256.Sum256(data)
		if !ok || int64(len(data)) != f.Bytes || f.Bytes == 0 || hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("%s is not in the bucket although its result lists it", f.Key)
		}
	}
}
