package service_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
)

// After a kill -9 at any time, every photo that S3 has accepted becomes a job
// with a result for each object and a mail.
func TestKilledServiceLosesNoJob(t *testing.T) {
	const rounds, photos = 6, 3
	data := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2)) // the times of the kills differ between runs anyway
	body := photo(t, "cat.webp")
	var names []string
	for round := range rounds {
		s := start(t, data)
		for i := range photos {
			name := fmt.Sprintf("round-%d-photo-%d.webp", round, i)
			s.copyIn("users/testuser001/input/"+name, body, map[string]string{"objects": "10,10,150,100;*"})
			names = append(names, name)
		}
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		s.kill()
	}

	s := start(t, data)
	s.eventually("the end of every job", func() bool { return s.markers() == 0 && len(s.mails()) >= 2*len(names) })
	for _, name := range names {
		s.mailTo("testuser001@example.com", name)
		s.mailTo(adminMail, name)
	}
	jobs := map[string][]string{}
	for _, key := range s.keys("users/testuser001/output/") {
		parts := strings.SplitN(key, "/", 5)
		jobs[parts[3]] = append(jobs[parts[3]], parts[4])
	}
	if len(jobs) != len(names) {
		t.Errorf("%d jobs for %d photos", len(jobs), len(names))
	}
	for id, files := range jobs {
		for _, n := range []string{"1", "2"} {
			var result struct {
				Status string   `json:"status"`
				Error  *failure `json:"error"`
				Files  []struct {
					Key   string `json:"key"`
					Bytes int    `json:"bytes"`
				} `json:"files"`
			}
			if err := json.Unmarshal(s.object("users/testuser001/output/"+id+"/"+n+".result.json"), &result); err != nil {
				t.Fatal(err)
			}
			if result.Status != "succeeded" || len(result.Files) != len(job.AllFormats)+1 {
				t.Errorf("job %s object %s: %+v; the folder holds %q", id, n, result, files)
			}
			for _, file := range result.Files {
				if got := len(s.object(file.Key)); got != file.Bytes {
					t.Errorf("%s has %d bytes, its result says %d", file.Key, got, file.Bytes)
				}
			}
		}
	}
}
