package functions_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/s3test"
)

func picture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(s3test.Path("testdata/photos/" + name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// threeObjects are boxes in coffee.jpg.
var threeObjects = map[string]string{"objects": "0,0,300,200,cup;300,0,600,200;0,200,300,400", "seed": "7"}

func inferenceIDs(ref job.Ref, objects int) (ids []string) {
	for n := range objects {
		ids = append(ids, ref.InferenceID(n+1))
	}
	return ids
}

func TestPhotoBecomesAManifestAndARequestAnObject(t *testing.T) {
	// The name in the store and in S3's event.
	const name, encoded = "red flower + été 花:1.jpg", "red+flower+%2B+%C3%A9t%C3%A9+%E8%8A%B1%3A1.jpg"
	for _, c := range []struct{ version, eventName string }{
		{"2.1", "ObjectCreated:Put"}, {"2.5", "ObjectCreated:Post"}, {"2.5", "ObjectCreated:CompleteMultipartUpload"},
	} {
		t.Run(c.version+" "+c.eventName, func(t *testing.T) {
			w := newWorld(t)
			f := w.start("extract")
			key := "users/" + w.user + "/input/" + name
			w.copyIn(key, picture(t, "coffee.jpg"), threeObjects)
			f.handle(recorded(t, "s3-object-created.json", "version", c.version, "eventName", c.eventName,
				"key", "users/"+w.user+"/input/"+encoded))

			ref := w.job()
			manifest := s3test.Document[job.Manifest](t, ref.ManifestKey())
			if manifest.Source.Key != key || manifest.Source.Width != 600 || manifest.Source.Height != 400 || manifest.Options.Seed != 7 {
				t.Errorf("the manifest's source is %+v, its seed %d", manifest.Source, manifest.Options.Seed)
			}
			if len(manifest.Objects) != 3 || manifest.Objects[0].Label != "cup" || *manifest.Objects[1].Box != (job.Box{300, 0, 600, 200}) {
				t.Errorf("the manifest's objects are %+v", manifest.Objects)
			}
			if got := w.asked(); !slices.Equal(got, inferenceIDs(ref, 3)) {
				t.Errorf("the endpoint was asked for %v", got)
			}
			if !w.pending(ref) {
				t.Error("the job has no marker")
			}
			w.aws.mu.Lock()
			defer w.aws.mu.Unlock()
			for i, r := range w.aws.requests[:3] { // the rest start an instance
				if got, want := r.Header.Get("X-Amzn-Sagemaker-Inputlocation"), "s3://"+s3test.Bucket+"/"+ref.ManifestKey(); got != want {
					t.Errorf("request %d has the input %s; want %s", i+1, got, want)
				}
				if got, want := r.Header.Get("X-Amzn-Sagemaker-Custom-Attributes"), job.CustomAttributes(i+1); got != want {
					t.Errorf("request %d has the attributes %s; want %s", i+1, got, want)
				}
			}
		})
	}
}

func TestLatePhotoOfADeletedJobIsRemoved(t *testing.T) {
	w := newWorld(t)
	ref := w.ref()
	photo := ref.PhotoKey("cup", ".jpg")
	w.copyIn(photo, picture(t, "coffee.jpg"), map[string]string{"job": string(ref.Job)})
	w.finish(ref, 1) // the model was processing the job
	if err := documents().MarkPending(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	w.start("extract").handle(created(t, photo))
	w.wantNothingOf(ref)
	if got := w.asked(); len(got) > 0 {
		t.Errorf("the endpoint was asked for %v", got)
	}
}

// A marker that a repeated event writes again must be removed.
func TestRepeatedEventOfAFinishedJobLeavesNoMarker(t *testing.T) {
	w := newWorld(t)
	f := w.start("extract")
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key, picture(t, "coffee.jpg"), nil)
	event := created(t, key)
	f.handle(event)
	ref := w.job()
	w.finish(ref, 1)
	w.start("notify").handle(created(t, ref.ResultKey(1)))
	f.handle(event)
	if w.pending(ref) {
		t.Error("the marker of a finished job stands")
	}
	if got := w.asked(); !slices.Equal(got, inferenceIDs(ref, 1)) {
		t.Errorf("the endpoint was asked for %v", got)
	}
}

func TestExtractAcceptsS3sTestEvent(t *testing.T) {
	f := newWorld(t).start("extract")
	f.handle(json.RawMessage(`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-02-03T04:05:06.789Z","Bucket":"` + s3test.Bucket +
		`","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}`))
}

func TestEndpointErrorIsRetriedByLambda(t *testing.T) {
	t.Parallel() // it waits for the SDK's retries or a function's timeout
	w := newWorld(t)
	f := w.start("extract")
	w.copyIn("users/"+w.user+"/input/cup.jpg", picture(t, "coffee.jpg"), nil)
	event := created(t, "users/"+w.user+"/input/cup.jpg")
	w.aws.answer(func(rw http.ResponseWriter, _ *http.Request) {
		fault(rw, http.StatusServiceUnavailable, "ServiceUnavailable", "The endpoint is being updated.")
	})
	id := runtimeapi.NewRequestID()
	if failure := f.refuse(id, event); failure.Message == "" || failure.Type == "" {
		t.Errorf("the error is %+v; want one that says what happened", failure)
	}
	w.aws.answer(nil)
	if _, err := f.InvokeAs(t.Context(), id, event, timeout); err != nil {
		t.Fatal(err)
	}
	if got := w.asked(); !slices.Equal(got, inferenceIDs(w.job(), 1)) {
		t.Errorf("the endpoint was asked for %v", got)
	}
}

func TestS3ErrorIsRetriedByLambda(t *testing.T) {
	t.Parallel() // it waits for the SDK's retries or a function's timeout
	w := newWorld(t)
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key, picture(t, "coffee.jpg"), nil)
	event := created(t, key)
	f := w.start("extract")
	w.s3.answer(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			rw.Header().Set("Content-Type", "application/xml")
			rw.WriteHeader(http.StatusServiceUnavailable)
			_, _ = rw.Write([]byte(`<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>`))
		}
	})
	id := runtimeapi.NewRequestID()
	f.refuse(id, event)
	w.s3.answer(nil)
	if _, err := f.InvokeAs(t.Context(), id, event, timeout); err != nil {
		t.Fatal(err)
	}
	if got := w.asked(); !slices.Equal(got, inferenceIDs(w.job(), 1)) {
		t.Errorf("the endpoint was asked for %v", got)
	}
}

func TestKilledExtractIsCompletedByTheNextAttempt(t *testing.T) {
	t.Parallel() // it waits for the SDK's retries or a function's timeout
	w := newWorld(t)
	f := w.start("extract")
	key := "users/" + w.user + "/input/cup.jpg"
	w.copyIn(key, picture(t, "coffee.jpg"), threeObjects)
	event, id := created(t, key), runtimeapi.NewRequestID()

	reached, over := make(chan struct{}), make(chan struct{})
	w.aws.answer(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amzn-Sagemaker-Custom-Attributes") == job.CustomAttributes(2) {
			close(reached)
			<-over
			panic(http.ErrAbortHandler) // the process of this request has ended
		}
	})
	ended := make(chan error)
	go func() {
		_, err := f.InvokeAs(t.Context(), id, event, timeout)
		ended <- err
	}()
	select {
	case <-reached:
	case err := <-ended:
		t.Fatalf("the function ended before the second object: %v", err)
	}
	f.Kill()
	if err := <-ended; err == nil {
		t.Error("a killed function answered")
	}
	close(over)
	w.aws.answer(nil)

	next := w.start("extract")
	if _, err := next.InvokeAs(t.Context(), id, event, timeout); err != nil {
		t.Fatal(err)
	}
	if got := w.asked(); !slices.Equal(got, inferenceIDs(w.job(), 3)) {
		t.Errorf("the endpoint was asked for %v; want each object once", got)
	}
}
