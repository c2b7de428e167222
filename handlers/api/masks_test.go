package api_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

const masked = `{"name":"cup.jpg","contentType":"image/jpeg","bytes":4,"width":640,"height":480,"objects":[
	{"label":"cup","box":[0,0,100,100],"points":[[10,20,1],[639,479,0]]},
	{"mask":{"bytes":7}},
	{"points":[[1,2,1]],"mask":{"bytes":9}},
	{"points":null,"mask":null}]}`

func TestPointsAndMasksAreAnnouncedAndUploaded(t *testing.T) {
	w := newWorld(t)
	p := w.submit(masked)
	ref := w.ref(p.JobID)
	if len(p.Masks) != 2 || p.Masks[0].Object != 2 || p.Masks[1].Object != 3 {
		t.Fatalf("the forms for masks are %+v", p.Masks)
	}
	for i, mask := range []string{"first m", "second m!"} {
		form := p.Masks[i].Upload
		if !form.ExpiresAt.Equal(p.Upload.ExpiresAt) {
			t.Errorf("the mask's form expires at %s, the photo's at %s", form.ExpiresAt, p.Upload.ExpiresAt)
		}
		if a := form.post(t, nil, []byte(mask)); a.StatusCode != http.StatusNoContent {
			t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
		}
		stored, err := w.bucket.Photo(t.Context(), ref.InputPrefix()+fmt.Sprint(i+2)+".mask", "")
		if err != nil || stored.Bytes != int64(len(mask)) || stored.ContentType != "image/png" || len(stored.Metadata) != 0 || stored.VersionID == "" {
			t.Errorf("the mask is %+v (%v)", stored, err)
		}
	}
	for _, function := range []string{job.ExtractFunction, job.NotifyFunction} {
		if events := s3test.Events(t, function, ref.InputPrefix()); len(events) != 0 {
			t.Errorf("the masks sent %d events to %s", len(events), function)
		}
	}
	if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
	}
	if events := s3test.Events(t, job.ExtractFunction, ref.InputPrefix()); len(events) != 1 {
		t.Errorf("the photo sent %d events", len(events))
	}
	stored, err := w.bucket.Photo(t.Context(), p.Upload.Fields["key"], "")
	if err != nil {
		t.Fatal(err)
	}
	selections, err := job.DecodeSelections(stored.Metadata["objects"])
	want := []job.Selection{
		{Label: "cup", Box: &job.Box{0, 0, 100, 100}, Points: []job.Point{{X: 10, Y: 20, Inside: true}, {X: 639, Y: 479}}},
		{Mask: true}, {Points: []job.Point{{X: 1, Y: 2, Inside: true}}, Mask: true}, {},
	}
	if err != nil || !reflect.DeepEqual(selections, want) {
		t.Errorf("the objects arrive as %+v (%v)", selections, err)
	}
	w.shows(p.JobID)
	m := w.manifest(p.JobID, p.Upload.Fields["key"], "cup.jpg", selections...)
	m.Objects[1].Mask, m.Objects[2].Mask = &job.MaskFile{Key: ref.MaskKey(m.Source.Key, 2)}, &job.MaskFile{Key: ref.MaskKey(m.Source.Key, 3)}
	s3test.Delete(t, ref.ManifestKey())
	if _, err := w.bucket.CreateManifest(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	w.shows(p.JobID)
	if a := w.send(w.user, "DELETE", "/api/jobs/"+string(p.JobID), "", nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting answers %d", a.StatusCode)
	}
	if left := s3test.Keys(t, "users/"+w.user+"/"); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// shows checks that a job is shown with the points and masks of [masked].
func (w *world) shows(id job.ID) {
	w.t.Helper()
	detail := read[jobDetail](w.t, w.get("/api/jobs/"+string(id)), http.StatusOK)
	var points [][][3]int
	var masks []bool
	for _, o := range detail.Objects {
		points, masks = append(points, o.Points), append(masks, o.MaskGiven)
	}
	if !reflect.DeepEqual(points, [][][3]int{{{10, 20, 1}, {639, 479, 0}}, {}, {{1, 2, 1}}, {}}) || !slices.Equal(masks, []bool{false, true, true, false}) {
		w.t.Errorf("in state %s, the points are %v and the masks %v", detail.State, points, masks)
	}
}

func TestS3RefusesAMaskFormThatWasChanged(t *testing.T) {
	w := newWorld(t)
	p := w.submit(masked)
	folder := "users/" + w.user + "/input/" + string(p.JobID) + "/"
	for name, test := range map[string]struct {
		change map[string]string
		file   string
	}{
		"another object":     {map[string]string{"key": folder + "1.mask"}, "first m"},
		"a photo":            {map[string]string{"key": folder + "2.png"}, "first m"},
		"another user's key": {map[string]string{"key": "users/someone/input/" + string(p.JobID) + "/2.mask"}, "first m"},
		"another type":       {map[string]string{"Content-Type": "image/jpeg"}, "first m"},
		"metadata":           {map[string]string{"x-amz-meta-objects": "*"}, "first m"},
		"a longer file":      {nil, "first m!"},
		"a shorter file":     {nil, "first"},
		"an empty file":      {nil, ""},
	} {
		if a := p.Masks[0].Upload.post(t, test.change, []byte(test.file)); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%s: S3 answers %d: %s", name, a.StatusCode, a.body)
		}
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/input/"); len(keys) > 0 {
		t.Errorf("stored are %v", keys)
	}
}

func TestPointsAndMasksThatCannotBeUsedAreNamed(t *testing.T) {
	w := newWorld(t)
	points := func(n int, point string) string {
		return `{"points":[` + strings.TrimSuffix(strings.Repeat(point+",", n), ",") + `]}`
	}
	for name, test := range map[string]struct{ object, field, says string }{
		"17 points":           {points(17, "[1,1,1]"), "objects[1].points", "Object 2 has 17 points; the limit is 16."},
		"a point outside":     {points(2, "[640,1,1]"), "objects[1].points", "Point 1 of object 2 (640,1) is outside the photo of 640 × 480 pixels"},
		"a negative point":    {points(1, "[-1,1,1]"), "objects[1].points", "beyond the photo's left or upper edge"},
		"points outside only": {points(1, "[1,1,0]"), "objects[1].points", "Object 2 has only points outside it; add one inside, or a box."},
		"two numbers":         {points(1, "[1,1]"), "objects[1].points", "Point 1 of object 2 must be three numbers"},
		"neither in nor out":  {points(1, "[1,1,2]"), "objects[1].points", "Point 1 of object 2 must be three numbers"},
		"an empty mask":       {`{"mask":{"bytes":0}}`, "objects[1].mask", "The mask of object 2 cannot be used: it is an empty file."},
		"no bytes":            {`{"mask":{}}`, "objects[1].mask", "The mask of object 2 cannot be used: it is an empty file."},
		"a large mask":        {`{"mask":{"bytes":4194305}}`, "objects[1].mask", "The mask of object 2 cannot be used: it has 4 MB (4,194,305 bytes); the limit is 4 MB (4,194,304 bytes)."},
	} {
		body := `{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"width":640,"height":480,"objects":[{},` + test.object + `]}`
		p := w.problem(w.post(body), http.StatusUnprocessableEntity, "invalid_request")
		if len(p.Errors) != 1 || p.Errors[0].Field != test.field || !strings.Contains(p.Errors[0].Message, test.says) {
			t.Errorf("%s: named is %+v", name, p.Errors)
		}
	}
	for body, field := range map[string]string{
		`{"objects":[{"points":{}}]}`:           "objects[0].points",
		`{"objects":[{"points":[1,1,1]}]}`:      "objects[0].points[0]",
		`{"objects":[{"points":[["1",1,1]]}]}`:  "objects[0].points[0][0]",
		`{"objects":[{"points":[[1,1,true]]}]}`: "objects[0].points[0][2]",
		`{"objects":[{"points":[null]}]}`:       "objects[0].points[0]",
		`{"objects":[{"mask":7}]}`:              "objects[0].mask",
		`{"objects":[{"mask":{"bytes":"7"}}]}`:  "objects[0].mask.bytes",
		`{"objects":[{"mask":{"copy":1}}]}`:     "objects[0].mask.copy",
	} {
		p := w.problem(w.post(body), http.StatusBadRequest, "malformed_request")
		if !slices.ContainsFunc(p.Errors, func(e struct{ Field, Message string }) bool { return e.Field == field }) {
			t.Errorf("%s: named is %+v", body, p.Errors)
		}
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/"); len(keys) > 0 {
		t.Errorf("a refused submission left %v", keys)
	}
}

// The largest submission fits the metadata, and the 8 KB that the firewall's rules
// let through.
func TestALargeSubmissionFits(t *testing.T) {
	w := newWorld(t)
	point := `[8655,5770,1],[8650,5765,0],`
	object := `{"label":"a vase","box":[7000,4000,8660,5773],"points":[` + strings.TrimSuffix(strings.Repeat(point, 8), ",") + `],"mask":{"bytes":4194304}},`
	body := `{"name":"` + strings.Repeat("n", 200) + `","contentType":"image/jpeg","bytes":20971520,"width":8660,"height":5773,"objects":[` +
		strings.TrimSuffix(strings.Repeat(object, 16), ",") + `],"options":{"seed":4294967295,"formats":["glb","ply","splat"],"quality":"standard","faces":500000}}`
	if len(body) > 8<<10 {
		t.Errorf("it has %d bytes", len(body))
	}
	p := w.submit(body)
	metadata := 0
	for name, value := range p.Upload.Fields {
		if name, ok := strings.CutPrefix(name, "x-amz-meta-"); ok {
			metadata += len(name) + len(value)
		}
	}
	if len(p.Masks) != 16 || metadata > 2<<10 {
		t.Errorf("there are %d masks and %d bytes of metadata", len(p.Masks), metadata)
	}
}
