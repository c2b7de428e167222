package service_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"gen3d/internal/job"
)

// manifestOf returns the manifest of a job that has one.
func (s *service) manifestOf(user, id string) job.Manifest {
	s.t.Helper()
	var m job.Manifest
	if err := json.Unmarshal(s.object("users/"+user+"/output/"+id+"/job.json"), &m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func TestPointsAndMasksReachTheManifestAndGoToTheNextJob(t *testing.T) {
	const user = "testuser001"
	s := start(t, t.TempDir())
	c := s.as(user)
	coffee, mask := photo(t, "coffee.jpg"), grayPNG(t, 600, 400)
	made := c.create(map[string]any{
		"name": "cup.jpg", "contentType": "image/jpeg", "bytes": len(coffee), "width": 600, "height": 400,
		"objects": []any{
			map[string]any{"label": "saucer", "box": []int{75, 15, 482, 390}, "points": [][]int{{130, 250, 1}, {290, 110, 0}}},
			map[string]any{"label": "cup", "mask": map[string]any{"bytes": len(mask)}},
		},
	})
	for _, upload := range []struct {
		form form
		data []byte
	}{{made.Masks[0].Upload, mask}, {made.Upload, coffee}} {
		if status, answer := c.post(upload.form, upload.data); status != http.StatusNoContent {
			t.Fatalf("uploading: %d %s", status, answer)
		}
	}
	view := s.finish(c, made.JobID)
	if view.State != "succeeded" || !reflect.DeepEqual(view.Objects[0].Points, [][]int{{130, 250, 1}, {290, 110, 0}}) || !view.Objects[1].MaskGiven || view.Objects[0].MaskGiven {
		t.Errorf("the job is %+v", view)
	}
	m := s.manifestOf(user, made.JobID)
	if want := []job.Point{{X: 130, Y: 250, Inside: true}, {X: 290, Y: 110}}; !reflect.DeepEqual(m.Objects[0].Points, want) || m.Objects[1].Mask == nil || m.Objects[1].Mask.Bytes != int64(len(mask)) {
		t.Errorf("the manifest's objects are %+v", m.Objects)
	}

	// The same photo again, with a new mask of the first object and the one of
	// the second.
	if p := s.as("testuser002").refused(http.MethodPost, "/api/jobs", map[string]any{"from": map[string]any{"jobId": made.JobID}}); p.Status != http.StatusNotFound {
		t.Errorf("another user: %+v", p)
	}
	again := c.create(map[string]any{
		"from":    map[string]any{"jobId": made.JobID},
		"objects": []any{map[string]any{"mask": map[string]any{"bytes": len(mask)}}, map[string]any{"mask": map[string]any{"copy": 2}}},
	})
	path := "/api/jobs/" + again.JobID + "/start"
	if p := c.refused(http.MethodPost, path, nil); p.Code != "mask_missing" || !strings.Contains(p.Detail, "object 1") {
		t.Errorf("starting without the mask: %+v", p)
	}
	if status, answer := c.post(again.Masks[0].Upload, mask); status != http.StatusNoContent {
		t.Fatalf("uploading: %d %s", status, answer)
	}
	if status, answer := c.call(http.MethodPost, path, nil); status != http.StatusNoContent {
		t.Fatalf("starting: %d %s", status, answer)
	}
	if view := s.finish(c, again.JobID); view.State != "succeeded" || !view.Objects[0].MaskGiven || !view.Objects[1].MaskGiven {
		t.Errorf("the job is %+v", view)
	}
	for _, o := range s.manifestOf(user, again.JobID).Objects {
		if o.Mask == nil || string(s.object(o.Mask.Key)) != string(mask) {
			t.Errorf("object %d has the mask %+v", o.Index, o.Mask)
		}
	}
	s.eventually("no marker left", func() bool { return s.markers() == 0 })
	for _, id := range []string{made.JobID, again.JobID} {
		if status, answer := c.call(http.MethodDelete, "/api/jobs/"+id, nil); status != http.StatusNoContent {
			t.Fatalf("deleting: %d %s", status, answer)
		}
	}
	if left := s.keys("users/"); len(left) != 0 {
		t.Errorf("left are %q", left)
	}
}
