package functions_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/s3test"
)

// queued writes a job as Extract does.
func (w *world) queued(objects int) job.Ref {
	w.Helper()
	id, err := job.NewID(time.Now(), bytes.NewReader([]byte("tenrandom!")))
	if err != nil {
		w.Fatal(err)
	}
	ref := job.Ref{User: w.user, Job: id}
	source := job.Source{
		Bucket: s3test.Bucket, Key: ref.PhotoKey("cup", ".jpg"), ETag: "e", Bytes: 1000, Width: 600, Height: 400,
		Orientation: 1, ContentType: "image/jpeg", Name: "cup.jpg",
	}
	manifest := job.NewManifest(ref, id.Created(), source, make([]job.Selection, objects), job.Options{Formats: job.AllFormats})
	if err := documents().MarkPhoto(w.Context(), ref, source.Key); err != nil {
		w.Fatal(err)
	}
	if created, err := documents().CreateManifest(w.Context(), &manifest); err != nil || !created {
		w.Fatalf("making the manifest: %v, %v", created, err)
	}
	for n := range objects {
		if err := documents().PutQueued(w.Context(), ref, job.Queued{Version: job.Version, Index: n + 1}); err != nil {
			w.Fatal(err)
		}
	}
	return ref
}

// finish writes object n's result as the model server does.
func (w *world) finish(ref job.Ref, n int) {
	w.Helper()
	file, err := documents().PutFile(w.Context(), ref, n, job.FormatGLB, []byte("glTF"))
	if err != nil {
		w.Fatal(err)
	}
	result := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: []job.File{file},
		Mesh: &job.MeshStats{Vertices: 4, Faces: 4}, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
		Timing: map[string]int64{string(job.StageReconstruct): 1000},
	}
	if _, err := documents().CreateResult(w.Context(), ref, result); err != nil {
		w.Fatal(err)
	}
}

// wantMails checks that one mail was sent to the user and one to the admin, and
// that both contain the parts.
func (w *world) wantMails(subject string, parts ...string) {
	w.Helper()
	mails := w.mails()
	if len(mails) != 2 {
		w.Fatalf("%d mails are out; want one to the user and one to the admin", len(mails))
	}
	for i, to := range []string{admin, w.address} { // newest first
		l := mails[i]
		if l.Subject != subject || !strings.Contains(l.From, sender) || !slices.Equal(l.To, []string{to}) {
			w.Errorf("the mail is from %s to %v, subject %q; want subject %q to %s", l.From, l.To, l.Subject, subject, to)
		}
		for _, part := range parts {
			if !strings.Contains(l.Text, part) {
				w.Errorf("the mail to %s does not hold %q:\n%s", to, part, l.Text)
			}
		}
	}
}

func TestLastResultSendsOneMailToTheUserAndOneToTheAdmin(t *testing.T) {
	w := newWorld(t)
	f := w.start("notify")
	ref := w.queued(2)
	w.finish(ref, 1)
	f.handle(created(t, ref.ResultKey(1)))
	if n := len(w.mails()); n != 0 {
		t.Fatalf("%d mails are out before the job is done", n)
	}
	w.finish(ref, 2)
	for range 3 { // S3 delivers at least once
		f.handle(created(t, ref.ResultKey(2)))
		f.handle(created(t, ref.ResultKey(1)))
	}
	w.wantMails("Your 3D Mesh is Ready!", website+"/jobs/"+string(ref.Job), "cup.jpg")
	if w.pending(ref) {
		t.Error("the marker of a finished job stands")
	}
}

func TestLateResultOfADeletedJobIsRemoved(t *testing.T) {
	w := newWorld(t)
	ref := w.ref()
	w.copyIn(ref.PhotoKey("cup", ".jpg"), picture(t, "coffee.jpg"), nil)
	if err := documents().MarkPending(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	w.finish(ref, 1)
	w.start("notify").handle(created(t, ref.ResultKey(1)))
	w.wantNothingOf(ref)
	if n := len(w.mails()); n > 0 {
		t.Errorf("%d mails are out for a deleted job", n)
	}
}

func TestFailureOfTheEndpointBecomesAFailedResultAndAMail(t *testing.T) {
	w := newWorld(t)
	f := w.start("notify")
	ref := w.queued(1)
	message := recorded(t, "sns-inference-failed.json", "object", "1", "manifestKey", ref.ManifestKey(), "inferenceId", ref.InferenceID(1))
	f.handle(message)
	f.handle(message) // SNS delivers at least once as well

	result := s3test.Document[job.Result](t, ref.ResultKey(1))
	if result.Status != job.StatusFailed || result.Error == nil || result.Error.Code != job.CodeModelFailed {
		t.Fatalf("the result is %+v", result)
	}
	// The bucket's event of that result, as the tests' store sent it.
	sent := s3test.Events(t, "notify", ref.ResultKey(1))
	if len(sent) != 1 {
		t.Fatalf("the bucket sent %d events of the failed result; want one", len(sent))
	}
	f.handle(sent[0])
	w.wantMails("Gen3D Processing Error", result.Error.Message)
}

func TestSESErrorIsRetriedByLambda(t *testing.T) {
	t.Parallel() // it waits for the SDK's retries or a function's timeout
	w := newWorld(t)
	f := w.start("notify")
	ref := w.queued(1)
	w.finish(ref, 1)
	event, id := created(t, ref.ResultKey(1)), runtimeapi.NewRequestID()
	w.aws.answer(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/email/") {
			fault(rw, http.StatusTooManyRequests, "TooManyRequestsException", "Maximum sending rate exceeded for "+w.address+".")
		}
	})
	if failure := f.refuse(id, event); strings.Contains(failure.Message, "@") {
		t.Errorf("the error contains an address: %s", failure.Message)
	}
	w.aws.answer(nil)
	if _, err := f.InvokeAs(t.Context(), id, event, timeout); err != nil {
		t.Fatal(err)
	}
	w.wantMails("Your 3D Mesh is Ready!")
}

func TestUserDirectoryErrorIsRetriedByLambda(t *testing.T) {
	t.Parallel() // it waits for the SDK's retries or a function's timeout
	w := newWorld(t)
	f := w.start("notify")
	ref := w.queued(1)
	w.finish(ref, 1)
	event, id := created(t, ref.ResultKey(1)), runtimeapi.NewRequestID()
	w.aws.answer(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "" {
			fault(rw, http.StatusInternalServerError, "InternalErrorException", "Something is wrong.")
		}
	})
	f.refuse(id, event)
	w.aws.answer(nil)
	if _, err := f.InvokeAs(t.Context(), id, event, timeout); err != nil {
		t.Fatal(err)
	}
	w.wantMails("Your 3D Mesh is Ready!")
}

func TestKilledNotifyIsCompletedByTheNextAttempt(t *testing.T) {
	t.Parallel() // it waits for the SDK's retries or a function's timeout
	w := newWorld(t)
	f := w.start("notify")
	ref := w.queued(1)
	w.finish(ref, 1)
	event, id := created(t, ref.ResultKey(1)), runtimeapi.NewRequestID()

	reached, over := make(chan struct{}), make(chan struct{})
	w.aws.answer(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/email/") {
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
		t.Fatalf("the function ended before its mail: %v", err)
	}
	f.Kill()
	if err := <-ended; err == nil {
		t.Error("a killed function answered")
	}
	close(over)
	w.aws.answer(nil)

	next := w.start("notify")
	if _, err := next.InvokeAs(t.Context(), id, event, timeout); err != nil {
		t.Fatal(err)
	}
	w.wantMails("Your 3D Mesh is Ready!")
	if w.pending(ref) {
		t.Error("the marker of a finished job stands")
	}
}
