package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

const catJPEG = `{"name":"Mum's cat (1).JPG","contentType":"image/jpeg","bytes":4,"width":640,"height":480,
	"objects":[{"label":"tête; 1,5","box":[0,0,100,100]},{"box":[10,10,200,200]}],"options":{"seed":4294967295,"formats":["ply","glb"],"quality":"high","faces":120000}}`

func TestUploadFormSetsTheMetadata(t *testing.T) {
	w := newWorld(t)
	p := w.submit(catJPEG)
	if p.State != job.StateUploading || time.Until(p.Upload.ExpiresAt) > 15*time.Minute || time.Until(p.Upload.ExpiresAt) < 14*time.Minute {
		t.Errorf("the response is %+v", p)
	}
	if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
		t.Fatalf("S3 answers %d: %s", a.StatusCode, a.body)
	}
	key := "users/" + w.user + "/input/" + string(p.JobID) + "/Mum's cat (1).jpg"
	stored, err := w.bucket.Photo(t.Context(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	selections, err := job.DecodeSelections(stored.Metadata["objects"])
	if err != nil || len(selections) != 2 || selections[0].Label != "tête; 1,5" || *selections[1].Box != (job.Box{10, 10, 200, 200}) {
		t.Errorf("the objects arrive as %+v (%v)", selections, err)
	}
	options, err := job.DecodeOptions(stored.Metadata)
	want := job.Options{Seed: 4294967295, Formats: []job.Format{job.FormatGLB, job.FormatPLY}, Quality: job.QualityHigh, Faces: 120_000}
	if err != nil || !reflect.DeepEqual(options, want) {
		t.Errorf("the options arrive as %+v (%v)", options, err)
	}
	if stored.Metadata["job"] != string(p.JobID) {
		t.Errorf("the photo is of job %q", stored.Metadata["job"])
	}
	if stored.ContentType != "image/jpeg" {
		t.Errorf("the type arrives as %s", stored.ContentType)
	}
	if events := s3test.Events(t, "extract", key); len(events) != 1 {
		t.Errorf("the bucket sent %d events to extract", len(events))
	}
	if keys := s3test.Keys(t, w.ref(p.JobID).PendingKey()); len(keys) != 1 {
		t.Error("there is not a pending marker")
	}
	document := s3test.Document[job.Upload](t, w.ref(p.JobID).UploadKey())
	if document.Key != key || document.Name != "Mum's cat (1).JPG" || !document.ExpiresAt.Equal(p.Upload.ExpiresAt) {
		t.Errorf("upload.json says %+v", document)
	}
	if strings.Contains(w.output.String(), p.Upload.Fields["X-Amz-Signature"]) {
		t.Error("the signature is in the log")
	}
}

func TestS3RefusesAFormThatWasChanged(t *testing.T) {
	w := newWorld(t)
	p := w.submit(catJPEG)
	for name, test := range map[string]struct {
		change map[string]string
		file   string
	}{
		"other boxes":         {map[string]string{"x-amz-meta-objects": "0,0,9999,9999"}, "JPEG"},
		"no boxes":            {map[string]string{"x-amz-meta-objects": "-"}, "JPEG"},
		"other seed":          {map[string]string{"x-amz-meta-seed": "1"}, "JPEG"},
		"another quality":     {map[string]string{"x-amz-meta-quality": "draft"}, "JPEG"},
		"no quality":          {map[string]string{"x-amz-meta-quality": "-"}, "JPEG"},
		"more faces":          {map[string]string{"x-amz-meta-faces": "500000"}, "JPEG"},
		"another job":         {map[string]string{"x-amz-meta-job": "7ybqp5kk3qpv2mgybkf6jpv7zk"}, "JPEG"},
		"no job":              {map[string]string{"x-amz-meta-job": "-"}, "JPEG"},
		"further metadata":    {map[string]string{"x-amz-meta-user": "admin"}, "JPEG"},
		"another key":         {map[string]string{"key": "users/" + w.user + "/input/x.jpg"}, "JPEG"},
		"another user's key":  {map[string]string{"key": "users/someone/input/x.jpg"}, "JPEG"},
		"the file's name":     {map[string]string{"key": "users/" + w.user + "/input/${filename}"}, "JPEG"},
		"the page's folder":   {map[string]string{"key": "public/index.html"}, "JPEG"},
		"another type":        {map[string]string{"Content-Type": "text/html"}, "JPEG"},
		"another status":      {map[string]string{"success_action_status": "200"}, "JPEG"},
		"a redirect":          {map[string]string{"success_action_redirect": "https://example.com"}, "JPEG"},
		"public reading":      {map[string]string{"acl": "public-read"}, "JPEG"},
		"a longer file":       {nil, "JPEG!"},
		"a shorter file":      {nil, "JPE"},
		"an empty file":       {nil, ""},
		"another's signature": {map[string]string{"X-Amz-Signature": strings.Repeat("0", 64)}, "JPEG"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := upload(t, p, test.change, []byte(test.file)); a.StatusCode < 400 || a.StatusCode >= 500 {
				t.Errorf("S3 answers %d: %s", a.StatusCode, a.body)
			}
		})
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/input/"); len(keys) > 0 {
		t.Errorf("stored all the same: %v", keys)
	}
}

func TestAJobWithoutAQualityIsOfTheStandardQuality(t *testing.T) {
	w := newWorld(t)
	p := w.submit(`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"options":{"faces":0}}`)
	if _, given := p.Upload.Fields["x-amz-meta-faces"]; given || p.Upload.Fields["x-amz-meta-quality"] != "standard" {
		t.Errorf("the form's fields are %v", p.Upload.Fields)
	}
	shown := read[jobDetail](t, w.get("/api/jobs/"+string(p.JobID)), http.StatusOK)
	if shown.Options.Quality != job.QualityStandard || shown.Options.Faces != 0 {
		t.Errorf("the job has the options %+v", shown.Options)
	}
}

func TestPolicyFixesTheWholePicture(t *testing.T) {
	w := newWorld(t)
	p := w.submit(`{"name":"a.png","contentType":"image/png","bytes":3}`)
	if p.Upload.Fields["x-amz-meta-objects"] != "*" {
		t.Errorf("the form's objects are %q", p.Upload.Fields["x-amz-meta-objects"])
	}
	if a := upload(t, p, map[string]string{"x-amz-meta-objects": "0,0,64,64"}, []byte("PNG")); a.StatusCode != http.StatusForbidden {
		t.Errorf("S3 accepts a box that was not requested: %d", a.StatusCode)
	}
	if a := upload(t, p, nil, []byte("PNG")); a.StatusCode != http.StatusNoContent {
		t.Errorf("S3 answers %d: %s", a.StatusCode, a.body)
	}
}

func TestExpiredFormIsRefused(t *testing.T) {
	c := config()
	c.UploadSeconds = 1
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	p := w.submit(catJPEG)
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		time.Sleep(200 * time.Millisecond)
		if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode == http.StatusForbidden {
			return
		}
	}
	t.Error("S3 still takes it")
}

func TestUploadingJobSaysWhenItExpires(t *testing.T) {
	w := newWorld(t)
	p := w.submit(catJPEG)
	detail := read[jobDetail](t, w.get("/api/jobs/"+string(p.JobID)), http.StatusOK)
	if detail.State != job.StateUploading || detail.ExpiresAt == nil || !detail.ExpiresAt.After(p.Upload.ExpiresAt) {
		t.Fatalf("the job is %s until %v; its form can be posted until %v", detail.State, detail.ExpiresAt, p.Upload.ExpiresAt)
	}
	for after, want := range map[time.Duration]job.State{-time.Second: job.StateUploading, 0: job.StateFailed} {
		now := func() time.Time { return detail.ExpiresAt.Add(after) }
		later := newWorldWith(t, config(), s3test.Client(nil), now)
		later.user = w.user
		if got := read[jobDetail](t, later.get("/api/jobs/"+string(p.JobID)), http.StatusOK); got.State != want {
			t.Errorf("%v after that time it is %s; want %s", after, got.State, want)
		}
	}
}

func TestExpiredUploadIsAFailedJob(t *testing.T) {
	w := newWorldWith(t, config(), s3test.Client(nil), func() time.Time { return time.Now().Add(-time.Hour) })
	p := w.submit(catJPEG)
	later := newWorld(t)
	later.user = w.user
	detail := read[jobDetail](t, later.get("/api/jobs/"+string(p.JobID)), http.StatusOK)
	if detail.ExpiresAt != nil {
		t.Errorf("a job that has failed says that it will at %v", detail.ExpiresAt)
	}
	if detail.State != job.StateFailed || detail.Error == nil || detail.Error.Code != job.CodeUploadExpired || detail.Objects[0].State != job.ObjectFailed {
		t.Errorf("the job is %+v", detail)
	}
	line := read[jobList](t, later.get("/api/jobs"), http.StatusOK).Jobs[0]
	if line.State != job.StateFailed || line.Error == nil || line.Error.Code != job.CodeUploadExpired || line.Photo != "" {
		t.Errorf("the list says %+v", line)
	}
}

func TestSubmissionErrorNamesEveryField(t *testing.T) {
	w := newWorld(t)
	a := w.post(`{"name":"a\u0000b","contentType":"image/gif","bytes":99999999,"width":10,"height":10,
		"objects":[{"box":[0,0,5,5]},{"box":[1,2,3]},{"box":[-1,0,50,50]},{"label":"` + strings.Repeat("x", 41) + `","box":null},
		{"box":[9007199254740991,0,-9007199254740991,5]},{"box":[0,0,9,9]}],
		"options":{"formats":["obj"],"quality":"best","faces":500001}}`)
	p := w.problem(a, http.StatusUnprocessableEntity, "invalid_request")
	var fields []string
	for _, e := range p.Errors {
		fields = append(fields, e.Field)
	}
	want := []string{
		"name", "contentType", "bytes", "width", "objects[0].box", "objects[1].box", "objects[2].box", "objects[3].label", "objects[4].box", "options.quality",
		"options.faces", "options.formats",
	}
	if !slices.Equal(fields, want) {
		t.Errorf("named are\n%v, not\n%v", fields, want)
	}
	if !strings.Contains(p.Errors[6].Message, "Box 3 ") {
		t.Errorf("the third box's message is %q", p.Errors[6].Message)
	}
	if keys := s3test.Keys(t, "users/"+w.user+"/"); len(keys) > 0 {
		t.Errorf("a refused submission left %v", keys)
	}
}

func TestSubmissionsBeyondALimitAreRefused(t *testing.T) {
	w := newWorld(t)
	boxes := func(n int, label string) string {
		return strings.TrimSuffix(strings.Repeat(`{"label":"`+label+`","box":[0,0,64,64]},`, n), ",")
	}
	body := func(bytes, width, height any, objects string) string {
		return fmt.Sprintf(`{"name":"a.jpg","contentType":"image/jpeg","bytes":%v,"width":%v,"height":%v,"objects":[%s]}`, bytes, width, height, objects)
	}
	for name, test := range map[string]struct{ body, field string }{
		"25 MB":            {body(25<<20, 0, 0, ""), "bytes"},
		"empty":            {body(0, 0, 0, ""), "bytes"},
		"negative":         {body(-1, 0, 0, ""), "bytes"},
		"10 x 10":          {body(4, 10, 10, ""), "width"},
		"width alone":      {body(4, 100, 0, ""), "width"},
		"gigapixels":       {body(4, 100000, 100000, ""), "width"},
		"overflow":         {body(4, int64(1)<<53-1, int64(1)<<53-1, ""), "width"},
		"17 boxes":         {body(4, 640, 480, boxes(17, "")), "objects"},
		"box outside":      {body(4, 64, 64, `{"box":[1,0,65,64]}`), "objects[0].box"},
		"labels too long":  {body(4, 640, 480, boxes(16, strings.Repeat("é", 40))), "objects"},
		"name of 201":      {`{"name":"` + strings.Repeat("n", 201) + `","contentType":"image/jpeg","bytes":4}`, "name"},
		"negative seed":    {`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"options":{"seed":-1}}`, "options.seed"},
		"seed of 33 bits":  {`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"options":{"seed":4294967296}}`, "options.seed"},
		"empty quality":    {`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"options":{"quality":""}}`, "options.quality"},
		"999 faces":        {`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"options":{"faces":999}}`, "options.faces"},
		"box far outside":  {body(4, 0, 0, `{"box":[0,0,16777217,64]}`), "objects[0].box"},
		"no name":          {`{"contentType":"image/jpeg","bytes":4}`, "name"},
		"type of the name": {`{"name":"a.jpg","bytes":4}`, "contentType"},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.problem(w.post(test.body), http.StatusUnprocessableEntity, "invalid_request")
			if len(p.Errors) != 1 || p.Errors[0].Field != test.field {
				t.Errorf("named is %+v", p.Errors)
			}
		})
	}
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct{ body, field string }{
		"empty":            {"", ""},
		"no JSON":          {"name=a.jpg", ""},
		"a list":           {"[]", ""},
		"two":              {catJPEG + catJPEG, ""},
		"unknown field":    {`{"name":"a.jpg","user":"admin"}`, "user"},
		"name by case":     {`{"Name":"a.jpg"}`, "Name"},
		"text for bytes":   {`{"bytes":"4"}`, "bytes"},
		"number for text":  {`{"name":4}`, "name"},
		"fraction":         {`{"bytes":1.5}`, "bytes"},
		"fraction in box":  {`{"objects":[{"box":[0.5,0,64,64]}]}`, "objects[0].box[0]"},
		"small fraction":   {`{"bytes":1e-400000}`, "bytes"},
		"bytes of 65 bits": {`{"bytes":18446744073709551616}`, "bytes"},
		"huge exponent":    {`{"bytes":1e99999999999999999999}`, "bytes"},
		"object of text":   {`{"objects":[{},"cat"]}`, "objects[1]"},
		"list for options": {`{"options":[]}`, "options"},
		"unknown option":   {`{"options":{"steps":4}}`, "options.steps"},
		"number as format": {`{"options":{"formats":["glb",4]}}`, "options.formats[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.problem(w.post(test.body), http.StatusBadRequest, "malformed_request")
			if test.field == "" && len(p.Errors) == 0 {
				return
			}
			if len(p.Errors) != 1 || p.Errors[0].Field != test.field {
				t.Errorf("named is %+v, not %s", p.Errors, test.field)
			}
		})
	}
	large := `{"name":"` + strings.Repeat("n", 64<<10) + `"}`
	w.problem(w.post(large), http.StatusRequestEntityTooLarge, "body_too_large")
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
		w.problem(w.send(w.user, "POST", "/api/jobs", contentType, []byte(catJPEG)), http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	// Not UTF-8, so the gateway encodes the body in base64.
	w.problem(w.post("{\"name\":\"a\",\"b\xff\":1}"), http.StatusBadRequest, "malformed_request")
}

// openapi.yaml allows null for objects, box and formats only.
func TestNullIsRefusedWhereTheDescriptionHasNone(t *testing.T) {
	w := newWorld(t)
	for field, body := range map[string]string{
		"name":               `{"name":null}`,
		"contentType":        `{"contentType":null}`,
		"bytes":              `{"bytes":null}`,
		"width":              `{"width":null}`,
		"height":             `{"height":null}`,
		"options":            `{"options":null}`,
		"options.seed":       `{"options":{"seed":null}}`,
		"options.formats[0]": `{"options":{"formats":[null]}}`,
		"options.quality":    `{"options":{"quality":null}}`,
		"options.faces":      `{"options":{"faces":null}}`,
		"objects[0]":         `{"objects":[null]}`,
		"objects[0].label":   `{"objects":[{"label":null}]}`,
		"objects[0].box[3]":  `{"objects":[{"box":[0,0,64,null]}]}`,
	} {
		p := w.problem(w.post(body), http.StatusBadRequest, "malformed_request")
		if len(p.Errors) != 1 || p.Errors[0].Field != field || !strings.HasSuffix(p.Errors[0].Message, "not null.") {
			t.Errorf("%s: named is %+v", body, p.Errors)
		}
	}
	w.submit(`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"objects":null,"options":{"formats":null}}`)
	w.submit(`{"name":"a.jpg","contentType":"image/jpeg","bytes":4,"objects":[{"box":null}]}`)
}

func TestWholeNumbersAreAcceptedInEveryNotation(t *testing.T) {
	w := newWorld(t)
	p := w.submit(`{"name":"a.jpg","contentType":"image/jpeg","bytes":124842.0,"width":1e3,"height":0.5e+3,
		"objects":[{"box":[-0.0,1.0E1,6400e-2,100]}],"options":{"seed":4294967295.000}}`)
	document := s3test.Document[job.Upload](t, w.ref(p.JobID).UploadKey())
	if document.Bytes != 124842 || document.Options.Seed != 4294967295 || *document.Objects[0].Box != (job.Box{0, 10, 64, 100}) {
		t.Errorf("stored is %+v", document)
	}
}

func TestUnfinishedJobsAreLimitedAndADeletedOneMakesRoom(t *testing.T) {
	c := config()
	c.Limits.MaxUnfinished = 3
	w := newWorldWith(t, c, s3test.Client(nil), time.Now)
	var last createdJob
	for range 3 {
		last = w.submit(catJPEG)
	}
	p := w.problem(w.post(catJPEG), http.StatusTooManyRequests, "too_many_unfinished_jobs")
	if !strings.Contains(p.Detail, "Wait until one is done, or delete one") {
		t.Errorf("the detail is %q", p.Detail)
	}
	if a := w.send(w.user, "DELETE", "/api/jobs/"+string(last.JobID), "", nil); a.StatusCode != http.StatusNoContent {
		t.Fatalf("deleting answers %d", a.StatusCode)
	}
	w.submit(catJPEG)
}

func TestPhotoNamesBecomeValidKeys(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]string{
		"cat.jpg":                    "cat.jpg",
		"a/b\\c.PNG":                 "a-b-c.jpg",
		"../../etc/passwd":           "etc-passwd.jpg",
		"${filename}":                "filename.jpg",
		"..":                         "photo.jpg",
		"#?&%+":                      "photo.jpg",
		"a  b +  c":                  "a b c.jpg",
		"猫 と 犬.jpeg":                 "猫 と 犬.jpg",
		"İstanbul.jpg":               "İstanbul.jpg",
		"users/x/input/y.jpg":        "users-x-input-y.jpg",
		strings.Repeat("é", 80):      strings.Repeat("é", 50) + ".jpg",
		".hidden":                    "hidden.jpg",
		"x.heic":                     "x.heic.jpg",
		"<script>alert(1)</script>.": "script-alert(1)-script.jpg",
	} {
		body, err := json.Marshal(map[string]any{"name": name, "contentType": "image/jpeg", "bytes": 4})
		if err != nil {
			t.Fatal(err)
		}
		p := w.submit(string(body))
		key := p.Upload.Fields["key"]
		photo, err := job.ParsePhotoKey(key)
		if err != nil || photo.User != w.user || photo.Job != p.JobID || photo.Name != want {
			t.Errorf("%q became %q (%+v, %v), not %q", name, key, photo, err, want)
		}
		if a := upload(t, p, nil, []byte("JPEG")); a.StatusCode != http.StatusNoContent {
			t.Errorf("%q: S3 answers %d: %s", name, a.StatusCode, a.body)
		}
		if a := w.send(w.user, "DELETE", "/api/jobs/"+string(p.JobID), "", nil); a.StatusCode != http.StatusNoContent {
			t.Errorf("%q: deleting answers %d", name, a.StatusCode)
		}
	}
}
