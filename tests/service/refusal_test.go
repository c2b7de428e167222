package service_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gen3d/tests/support/hostile"
)

// Every invalid photo that is uploaded ends as a failed job: with a mail that
// names the photo and says what to do, and without a marker.
func TestBadPhotoIsMailedWithWhatToDo(t *testing.T) {
	cat, coffee := photo(t, "cat.jpg"), photo(t, "coffee.jpg")
	var seventeen []string
	for i := range 17 {
		seventeen = append(seventeen, fmt.Sprintf("%d,10,%d,60", 10+i, 70+i))
	}
	s := start(t, t.TempDir())
	mask := func(n int, data []byte) map[int][]byte { return map[int][]byte{n: data} }
	tests := map[string]struct {
		body     []byte
		metadata map[string]string
		says     string
		masks    map[int][]byte // by object
	}{
		"mask-size.jpg":   {body: coffee, metadata: map[string]string{"objects": "*,,mask"}, says: "it has 300 × 300 pixels and the photo 600 × 400", masks: mask(1, grayPNG(t, 300, 300))},
		"mask-color.jpg":  {body: coffee, metadata: map[string]string{"objects": "*;*,,mask"}, says: "The mask of object 2 cannot be used: it is a PNG picture with colors", masks: mask(2, tinyPNG(t, 600, 400))},
		"mask-empty.jpg":  {body: coffee, metadata: map[string]string{"objects": "*,,mask"}, says: "it is an empty file", masks: mask(1, nil)},
		"mask-none.jpg":   {body: coffee, metadata: map[string]string{"objects": "*,,mask"}, says: "send the masks first", masks: mask(2, grayPNG(t, 600, 400))},
		"points-17.jpg":   {body: coffee, metadata: map[string]string{"objects": "*,," + strings.Repeat("+9x9", 17)}, says: "17 points; the limit is 16"},
		"point-aside.jpg": {body: coffee, metadata: map[string]string{"objects": "*,,+600x9"}, says: "move it inside"},
		"text.jpg":        {body: []byte("this is no picture at all"), says: "not"},
		"cut-off.jpg":     {body: cat[:len(cat)/2], says: "incomplete"},
		"25-mb.jpg":       {body: append(bytes.Clone(cat), make([]byte, 25<<20)...), says: "20 MB"},
		"ten.png":         {body: tinyPNG(t, 10, 10), says: "64"},
		"outside.jpg":     {body: coffee, metadata: map[string]string{"objects": "10,10,5000,300"}, says: "inside"},
		"seventeen.jpg":   {body: coffee, metadata: map[string]string{"objects": strings.Join(seventeen, ";")}, says: "16"},
		"really.png":      {body: cat, says: "JPEG"},
		"empty.jpg":       {body: nil, says: "empty"},
		"bomb.png":        {body: bombPNG(t, 60000, 60000), says: "megapixels"},
		"forged.jpg":      {body: cat, metadata: map[string]string{"objects": "one,two;<script>"}, says: "x0,y0,x1,y1"},
		"seed.jpg":        {body: cat, metadata: map[string]string{"seed": "-1"}, says: "seed"},
		"format.jpg":      {body: cat, metadata: map[string]string{"formats": "obj"}, says: "glb"},
		"thin.jpg":        {body: coffee, metadata: map[string]string{"objects": "10,10,13,300"}, says: "at least 8"},
	}
	for name, test := range tests {
		for n, data := range test.masks {
			s.copyIn(fmt.Sprintf("users/testuser001/input/%s.%d.mask", name, n), data, nil)
		}
		s.copyIn("users/testuser001/input/"+name, test.body, test.metadata)
	}
	for name, test := range tests {
		m := s.mailTo("testuser001@example.com", name)
		if m.Subject != "Gen3D Processing Error" || !strings.Contains(m.Text, test.says) {
			t.Errorf("%s: %q does not say %q:\n%s", name, m.Subject, test.says, m.Text)
		}
	}
	s.eventually("no marker left", func() bool { return s.markers() == 0 })
	if got := len(s.mails()); got != 2*len(tests) {
		t.Errorf("%d mails for %d photos; want one to the user and one to the admin of each", got, len(tests))
	}
}

// A user's photos that are made to be expensive are refused, with one mail each,
// and another user's photo is made beside them. Extract refuses the ones with
// 12,000 scans; that the data of the other is damaged is found when it is
// decoded, once for all of its objects.
func TestHostilePhotosAreRefusedBesideAnothersPhoto(t *testing.T) {
	scans := hostile.JPEG{Width: 7056, Height: 7056, Scans: 12_000}.Bytes()
	damaged := hostile.PNG(2048, 2048)
	copy(damaged[len(damaged)/2:], "damaged")
	s := start(t, t.TempDir())
	const photos = 8 // as many as Extract processes at the same time
	for n := range photos {
		s.copyIn(fmt.Sprintf("users/testuser001/input/scans-%d.jpg", n), scans, nil)
	}
	s.copyIn("users/testuser001/input/damaged.png", damaged, map[string]string{"objects": strings.Repeat("*;", 15) + "*"})
	s.copyIn("users/testuser002/input/cat.jpg", photo(t, "cat.jpg"), map[string]string{"formats": "ply"})
	if m := s.mailTo("testuser002@example.com", "cat.jpg"); m.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("the other user's mail is %q:\n%s", m.Subject, m.Text)
	}
	for n := range photos {
		if m := s.mailTo("testuser001@example.com", fmt.Sprintf("scans-%d.jpg", n)); m.Subject != "Gen3D Processing Error" || !strings.Contains(m.Text, "Save it as an ordinary (baseline) JPEG") {
			t.Errorf("photo %d: %q:\n%s", n, m.Subject, m.Text)
		}
	}
	if m := s.mailTo("testuser001@example.com", "damaged.png"); !strings.Contains(m.Text, "its data is damaged") {
		t.Errorf("the damaged photo: %q:\n%s", m.Subject, m.Text)
	}
	s.eventually("no marker left", func() bool { return s.markers() == 0 })
	if got, want := len(s.mails()), 2*(photos+2); got != want {
		t.Errorf("%d mails; want one to the user and one to the admin of each of %d jobs", got, want/2)
	}
}

// The API refuses what it can check before the photo is uploaded, each with a
// problem document.
func TestBadRequestIsRefusedBeforeTheUpload(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser001")
	boxes := func(n int, box ...int) []map[string]any {
		objects := make([]map[string]any, n)
		for i := range objects {
			objects[i] = map[string]any{"box": box}
		}
		return objects
	}
	for name, test := range map[string]struct {
		body any
		says string
	}{
		"25 MB":        {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 25 << 20}, "20 MB"},
		"empty":        {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 0}, "empty"},
		"no image":     {map[string]any{"name": "a.pdf", "contentType": "application/pdf", "bytes": 10}, "JPEG"},
		"17 boxes":     {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10, "objects": boxes(17, 0, 0, 50, 50)}, "16"},
		"box outside":  {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10, "width": 100, "height": 100, "objects": boxes(1, 0, 0, 150, 50)}, "inside"},
		"10 x 10":      {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10, "width": 10, "height": 10}, "64"},
		"no such form": {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10, "options": map[string]any{"formats": []string{"obj"}}}, "glb"},
		"unknown name": {map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10, "userId": "testuser002"}, "userId"},
	} {
		p := c.refused(http.MethodPost, "/api/jobs", test.body)
		text, _ := json.Marshal(p)
		if p.Status < 400 || p.Status > 499 || !strings.Contains(string(text), test.says) {
			t.Errorf("%s: %s does not say %q", name, text, test.says)
		}
	}
	if left := s.keys("users/"); len(left) != 0 {
		t.Errorf("refused requests left %q", left)
	}
}

func TestTheTwentyFirstUnfinishedJobIsRefused(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser001")
	for range 20 {
		c.newJob("cat.jpg", "image/jpeg", 1000)
	}
	p := c.refused(http.MethodPost, "/api/jobs", map[string]any{"name": "a.jpg", "contentType": "image/jpeg", "bytes": 10})
	if p.Status != http.StatusTooManyRequests || p.Code != "too_many_unfinished_jobs" {
		t.Errorf("the answer: %+v", p)
	}
	s.as("testuser002").newJob("cat.jpg", "image/jpeg", 1000) // another user's jobs are counted separately
}
