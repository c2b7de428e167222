package extract_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/handlers/extract"
	"gen3d/internal/bucket"
	"gen3d/internal/environment"
	"gen3d/internal/job"
	"gen3d/tests/support/hostile"
	"gen3d/tests/support/s3test"
)

func TestAPhotoCopiedInBecomesARequestForEachObject(t *testing.T) {
	w := newWorld(t)
	event := w.copyIn("cup and saucer.jpg", picture(t, "coffee.jpg"), map[string]string{
		"objects": "10,20,300,380,cup; 300,200,600,400", "seed": "7", "formats": "ply,glb", "quality": "draft", "faces": "9000",
	})
	w.handle(event)

	ref := w.job()
	m := w.manifest()
	if m.JobID != ref.Job || m.UserID != w.user || m.Refused != nil || !m.CreatedAt.Equal(ref.Job.Created()) {
		t.Errorf("the manifest is of job %s, user %s, refused %v", m.JobID, m.UserID, m.Refused)
	}
	s := m.Source
	if s.Bucket != s3test.Bucket || s.Key != "users/"+w.user+"/input/cup and saucer.jpg" || s.Name != "cup and saucer.jpg" ||
		s.Width != 600 || s.Height != 400 || s.Orientation != 1 || s.ContentType != "image/jpeg" ||
		s.Bytes != 64474 || s.ETag == "" || strings.Contains(s.ETag, `"`) {
		t.Errorf("the source is %+v", s)
	}
	if len(m.Objects) != 2 || m.Objects[0].Label != "cup" || *m.Objects[0].Box != (job.Box{10, 20, 300, 380}) ||
		*m.Objects[1].Box != (job.Box{300, 200, 600, 400}) {
		t.Errorf("the objects are %+v", m.Objects)
	}
	if m.Options.Seed != 7 || job.EncodeFormats(m.Options.Formats) != "glb,ply" || m.Options.Quality != job.QualityDraft || m.Options.Faces != 9000 {
		t.Errorf("the options are %+v", m.Options)
	}
	for i, got := range w.endpoint.requests {
		want := request{
			Endpoint: endpointName, Input: "s3://" + s3test.Bucket + "/" + ref.ManifestKey(), ContentType: "application/json",
			Attributes: job.CustomAttributes(i + 1), ID: ref.InferenceID(i + 1), TTL: "600", Timeout: "120",
		}
		if got != want {
			t.Errorf("request %d is %+v; want %+v", i+1, got, want)
		}
	}
	w.wantAsked(2)
	if marker, ok := s3test.Get(t, ref.PendingKey()); !ok || string(marker) != s.Key {
		t.Errorf("the marker holds %q; want the photo's key", marker)
	}
	for n := range 2 {
		if q := s3test.Document[job.Queued](t, ref.QueuedKey(n+1)); q.InferenceID != ref.InferenceID(n+1) || q.QueuedAt.IsZero() {
			t.Errorf("the note of object %d is %+v", n+1, q)
		}
	}
	if w.emitted("JobsQueued") != 1 || w.emitted("ObjectsQueued") != 2 || w.emitted("PhotosRefused") != 0 {
		t.Errorf("the metrics are\n%s", w.metrics.String())
	}
}

func TestAPhotoPostedThroughTheAPIKeepsItsJobID(t *testing.T) {
	w := newWorld(t)
	ref := w.announce("Die Katze: Nr. 1.webp")
	w.handle(w.put(ref.PhotoKey("cat", ".webp"), "image/webp", picture(t, "cat.webp"), nil))
	if m := w.manifest(); m.JobID != ref.Job || len(m.Objects) != 1 || m.Objects[0].Box != nil || m.Source.Name != "Die Katze: Nr. 1.webp" ||
		m.Options.Quality != job.QualityStandard || m.Options.Faces != 0 {
		t.Errorf("the manifest is %+v", m)
	}
	w.wantAsked(1)
}

func TestAPhotoThatComesAfterItsJobWasDeletedIsRemoved(t *testing.T) {
	w := newWorld(t)
	ref := w.announce("cat.webp")
	s3test.Delete(t, ref.UploadKey())
	w.handle(w.put(ref.PhotoKey("cat", ".webp"), "image/webp", picture(t, "cat.webp"), map[string]string{"job": string(ref.Job)}))
	if left := s3test.Keys(t, "users/"+w.user+"/"); len(left) != 0 || len(w.endpoint.asked()) != 0 {
		t.Errorf("%d requests, and left are %q", len(w.endpoint.asked()), left)
	}
}

// The API did not create such a job, and no form was used: only the folder has
// the form of a job's.
func TestAPhotoCopiedIntoTheFolderOfAnUnknownJobIsAJobOfItsOwn(t *testing.T) {
	folder := job.Ref{Job: "7zzzzzzzzz0123456789abcdef"}
	for name, metadata := range map[string]map[string]string{
		"plain": nil, "with another job's id": {"job": "7zzzzzzzzz0123456789abcdeg"}, "with no id": {"job": "x"},
	} {
		w := newWorld(t)
		folder.User = w.user
		key := folder.PhotoKey("cat", ".webp")
		event := w.put(key, "image/webp", picture(t, "cat.webp"), metadata)
		w.handle(event)
		w.handle(event)
		if m := w.manifest(); m.JobID == folder.Job || m.Source.Key != key || m.Refused != nil || !w.has(key) {
			t.Errorf("%s: the manifest is %+v", name, m)
		}
		w.wantAsked(1)
	}
}

func TestBoxesAreInThePictureAsShown(t *testing.T) {
	// Stored as 400 × 600 and displayed as 600 × 400.
	turned := picture(t, "coffee-orientation-6.jpg")
	w := newWorld(t)
	w.handle(w.copyIn("a.jpg", turned, map[string]string{"objects": "450,10,600,400"}))
	if m := w.manifest(); m.Refused != nil || m.Source.Width != 600 || m.Source.Height != 400 || m.Source.Orientation != 6 {
		t.Errorf("the source is %+v, refused %v", m.Source, m.Refused)
	}
	w = newWorld(t)
	w.handle(w.copyIn("a.jpg", turned, map[string]string{"objects": "10,450,400,600"}))
	if m := w.manifest(); m.Refused == nil || m.Refused.Code != job.CodeBoxOutside {
		t.Errorf("a box below the picture as shown: refused %v", m.Refused)
	}
}

func TestOnlyTheEndsOfAPhotoAreRead(t *testing.T) {
	noise := image.NewGray(image.Rect(0, 0, 2400, 1800))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint32())
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, noise, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	event := w.copyIn("noise.jpg", data.Bytes(), nil)
	var read, reads int
	w.wire = transport(func(r *http.Request) (*http.Response, error) {
		response, err := drain(r)
		if err == nil && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "noise") {
			body, _ := io.ReadAll(response.Body)
			response.Body = io.NopCloser(bytes.NewReader(body))
			read, reads = read+len(body), reads+1
		}
		return response, err
	})
	w.handle(event)
	if m := w.manifest(); m.Refused != nil || m.Source.Width != 2400 {
		t.Fatalf("the manifest is %+v", m)
	}
	if reads != 2 || read > 70_000 {
		t.Errorf("%d reads of %d bytes together, of a photo of %d bytes", reads, read, data.Len())
	}
}

// A progressive JPEG must be read to its end, for its scans. The requests grow,
// so that a few suffice for 5 MB.
func TestAProgressivePhotoIsReadInFewRequests(t *testing.T) {
	data := hostile.JPEG{Width: 64, Height: 64, Scans: 99, Between: append([]byte("\xff\xfe\xc8\x02"), make([]byte, 51_200)...)}.Bytes()
	w := newWorld(t)
	event := w.copyIn("progressive.jpg", data, nil)
	reads := 0
	w.wire = transport(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "progressive") {
			reads++
		}
		return drain(r)
	})
	w.handle(event)
	if m := w.manifest(); m.Refused != nil {
		t.Fatalf("the manifest is %+v", m)
	}
	if reads > 9 {
		t.Errorf("%d requests for a photo of %d bytes", reads, len(data))
	}
}

func TestOtherEventsAreIgnored(t *testing.T) {
	w := newWorld(t)
	photo := picture(t, "cat.webp")
	gone := w.copyIn("gone.webp", photo, nil)
	s3test.Delete(t, "users/"+w.user+"/input/gone.webp")
	removed := w.copyIn("there.webp", photo, nil)
	removed.Records[0].EventName = "ObjectRemoved:Delete"
	elsewhere := w.put("users/"+w.user+"/output/preview.png", "", photo, nil)
	other := w.put("users/"+w.user+"/inputs/a.png", "", photo, nil)
	for name, event := range map[string]events.S3Event{
		"a photo deleted since": gone, "a deletion": removed, "a key under output": elsewhere,
		"a key outside the input folder": other, "S3's test event": {},
	} {
		if err := w.handler().Handle(t.Context(), event); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.jobs()) != 0 || len(w.endpoint.asked()) != 0 || len(s3test.Keys(t, job.PendingUserPrefix(w.user))) != 0 {
		t.Error("one of them started a job")
	}
}

func TestAnEventOfAnotherBucketIsAFault(t *testing.T) {
	w := newWorld(t)
	event := w.copyIn("a.webp", picture(t, "cat.webp"), nil)
	event.Records[0].S3.Bucket.Name = "another-bucket"
	if err := w.handler().Handle(t.Context(), event); err == nil || !strings.Contains(err.Error(), "DATA_BUCKET") {
		t.Errorf("the error is %v", err)
	}
}

func TestJobUsesTheVersionOfTheEvent(t *testing.T) {
	w := newWorld(t)
	first := w.copyIn("a.webp", picture(t, "cat.webp"), nil)
	second := w.copyIn("a.webp", picture(t, "cat.webp"), map[string]string{"seed": "7"})
	want := map[string]uint32{}
	for seed, event := range map[uint32]events.S3Event{0: first, 7: second} {
		want[event.Records[0].S3.Object.VersionID] = seed
		for range 2 {
			w.handle(event)
		}
	}
	got := map[string]uint32{}
	for _, ref := range w.jobs() {
		m := s3test.Document[job.Manifest](t, ref.ManifestKey())
		got[m.Source.VersionID] = m.Options.Seed
	}
	if len(want) != 2 || !maps.Equal(got, want) || len(w.endpoint.asked()) != 2 {
		t.Errorf("the jobs are of the versions %v, want %v; the endpoint was asked for %v", got, want, w.endpoint.asked())
	}

	w = newWorld(t)
	event := w.copyIn("a.webp", picture(t, "cat.webp"), nil)
	s3test.Delete(t, "users/"+w.user+"/input/a.webp")
	w.handle(event)
	if len(w.jobs()) != 0 {
		t.Error("a deleted photo started a job")
	}
}

// A form can be used again with another photo of the same size. In every order
// of the events, the job keeps one photo.
func TestAnotherPhotoUnderTheJobsKeyChangesNothing(t *testing.T) {
	cat, coffee := picture(t, "cat.jpg"), picture(t, "coffee.jpg")
	size := max(len(cat), len(coffee)) // bytes after a JPEG's end are ignored
	cat, coffee = append(cat, make([]byte, size-len(cat))...), append(coffee, make([]byte, size-len(coffee))...)
	for name, order := range map[string][]int{"in order": {0, 1, 1, 0}, "swapped": {1, 0, 0, 1}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ref := w.announce("a.jpg")
			key := ref.PhotoKey("a", ".jpg")
			photos := [][]byte{cat, coffee}
			var posted []events.S3Event
			for _, photo := range photos {
				posted = append(posted, w.put(key, "image/jpeg", photo, nil))
			}
			for _, i := range order {
				w.handle(posted[i])
			}
			m, its := w.manifest(), posted[order[0]].Records[0].S3.Object.VersionID
			if m.Source.VersionID != its {
				t.Errorf("the job is of version %s, want %s", m.Source.VersionID, its)
			}
			w.wantAsked(1)
			if data, _ := s3test.Get(t, key); !bytes.Equal(data, photos[order[0]]) {
				t.Error("the job's photo is not the newest again")
			}
			other := posted[order[1]].Records[0].S3.Object.VersionID
			if _, err := documents().Photo(t.Context(), key, other); !errors.Is(err, bucket.ErrNotFound) {
				t.Errorf("the other photo is still there: %v", err)
			}
			if w.emitted("JobsQueued") != 1 {
				t.Error("the job was counted again")
			}
		})
	}
}

// A job from before its photo's key had versions has no version ID.
func TestAnotherPhotoOfAJobWithoutAVersionIsRemoved(t *testing.T) {
	w := newWorld(t)
	ref := w.announce("a.jpg")
	event := w.put(ref.PhotoKey("a", ".jpg"), "image/jpeg", picture(t, "cat.jpg"), nil)
	m := job.NewManifest(ref, time.Now(), job.Source{Bucket: s3test.Bucket, Key: ref.PhotoKey("a", ".jpg"), ETag: "x"}, nil, job.Options{Formats: job.AllFormats})
	if _, err := documents().CreateManifest(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	if err := documents().PutQueued(t.Context(), ref, job.Queued{Version: job.Version, Index: 1}); err != nil {
		t.Fatal(err)
	}
	w.handle(event)
	if w.has(m.Source.Key) || len(w.endpoint.asked()) != 0 {
		t.Errorf("the other photo is still there, or used: %v", w.endpoint.asked())
	}
}

func TestRepeatCompletesTheJobAfterAnEndpointError(t *testing.T) {
	for _, refusal := range []struct {
		status int
		code   string
	}{{400, "ValidationError"}, {400, "ThrottlingException"}, {503, "ServiceUnavailable"}} {
		w := newWorld(t)
		w.retries = 1
		event := w.copyIn("a.webp", picture(t, "cat.webp"), map[string]string{"objects": "0,0,50,50;50,50,100,100"})
		w.endpoint.answer(refusal.status, refusal.code)
		if err := w.handler().Handle(t.Context(), event); err == nil || !strings.Contains(err.Error(), endpointName) {
			t.Errorf("%s: the error is %v", refusal.code, err)
		}
		w.endpoint.answer(0, "")
		w.handle(event)
		w.wantAsked(2)
	}
}

func TestBrokenConnectionIsNotATruncatedPhoto(t *testing.T) {
	w := newWorld(t)
	w.retries = 1
	event := w.copyIn("a.jpg", picture(t, "coffee.jpg"), nil)
	w.wire = transport(func(r *http.Request) (*http.Response, error) {
		response, err := drain(r)
		if err == nil && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "a.jpg") {
			response.Body = io.NopCloser(io.LimitReader(response.Body, 5000))
		}
		return response, err
	})
	if err := w.handler().Handle(t.Context(), event); err == nil || !strings.Contains(err.Error(), "5000 of") {
		t.Errorf("the error is %v", err)
	}
	if len(w.jobs()) != 0 {
		t.Error("the photo was judged all the same")
	}
}

func TestConfigurationErrorNamesEveryProblem(t *testing.T) {
	for name, value := range map[string]string{
		"DATA_BUCKET": "", "SAGEMAKER_ENDPOINT_NAME": "", "REQUEST_TTL_SECONDS": "59",
		"INVOCATION_TIMEOUT_SECONDS": "3601", "LIMITS": `{"maxBytes":0}`,
	} {
		t.Setenv(name, value)
	}
	_, err := environment.Read[extract.Config]()
	for _, says := range []string{"DATA_BUCKET", "SAGEMAKER_ENDPOINT_NAME", "REQUEST_TTL_SECONDS", "INVOCATION_TIMEOUT_SECONDS", "maxBytes is 0"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error %v does not tell of %s", err, says)
		}
	}
	t.Setenv("DATA_BUCKET", "data")
	t.Setenv("SAGEMAKER_ENDPOINT_NAME", endpointName)
	t.Setenv("REQUEST_TTL_SECONDS", "60")
	t.Setenv("INVOCATION_TIMEOUT_SECONDS", "3600")
	t.Setenv("LIMITS", `{"maxObjects":3}`)
	config, err := environment.Read[extract.Config]()
	want := job.DefaultLimits()
	want.MaxObjects = 3
	if err != nil || config.Limits != want {
		t.Errorf("the configuration is %+v, %v", config, err)
	}
}

var errCut = errors.New("the test cut the connection")
