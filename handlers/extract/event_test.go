package extract_test

import (
	"embed"
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

//go:embed testdata
var recorded embed.FS

func recordedEvent(t *testing.T, name string) (event events.S3Event) {
	t.Helper()
	data, err := recorded.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// recordedPhotos are the decoded keys in several-records.json.
var recordedPhotos = []string{"my cat.webp", "a+b.webp", "12:30.webp", "Kätzchen 猫.webp", "sub folder/50%.webp"}

func TestARecordedEventOfSeveralPhotosStartsAJobForEach(t *testing.T) {
	w := newWorld(t)
	w.user = "recorded"
	cat := picture(t, "cat.webp")
	t.Cleanup(func() {
		for _, key := range append(s3test.Keys(t, "users/recorded/"), s3test.Keys(t, job.PendingUserPrefix("recorded"))...) {
			s3test.Delete(t, key)
		}
	})
	for _, name := range recordedPhotos {
		sent := w.copyIn(name, cat, nil)
		// The store encodes keys as the recorded events do.
		for _, record := range recordedEvent(t, "several-records.json").Records {
			if record.S3.Object.URLDecodedKey == sent.Records[0].S3.Object.URLDecodedKey && record.S3.Object.Key != sent.Records[0].S3.Object.Key {
				t.Errorf("the store encodes %q, the recorded event %q", sent.Records[0].S3.Object.Key, record.S3.Object.Key)
			}
		}
	}
	w.handle(recordedEvent(t, "several-records.json"))
	var keys []string
	for _, ref := range w.jobs() {
		m := s3test.Document[job.Manifest](t, ref.ManifestKey())
		keys = append(keys, m.Source.Key)
	}
	for _, name := range recordedPhotos {
		if !slices.Contains(keys, "users/recorded/input/"+name) {
			t.Errorf("%q started no job; those started are of %q", name, keys)
		}
	}
	if len(keys) != len(recordedPhotos) || len(w.endpoint.asked()) != len(recordedPhotos) {
		t.Errorf("%d photos started %d jobs and %d requests", len(recordedPhotos), len(keys), len(w.endpoint.asked()))
	}
	w.handle(recordedEvent(t, "one-record.json"))
	w.handle(recordedEvent(t, "test-event.json"))
	if n := len(w.endpoint.asked()); n != len(recordedPhotos) {
		t.Errorf("a photo's second event made it %d requests", n)
	}
}

func TestErrorWithOneRecordDoesNotBlockTheOthers(t *testing.T) {
	w := newWorld(t)
	event := w.copyIn("a.webp", picture(t, "cat.webp"), nil)
	wrong := event.Records[0]
	wrong.S3.Bucket.Name = "another-bucket"
	event.Records = append([]events.S3EventRecord{wrong}, event.Records...)
	if err := w.handler().Handle(t.Context(), event); err == nil {
		t.Error("the fault was swallowed")
	}
	w.wantAsked(1)
}
