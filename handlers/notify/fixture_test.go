package notify_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"go.etcd.io/bbolt"

	"gen3d/handlers/notify"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
	"gen3d/local/directory"
	"gen3d/local/mailbox"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

// TestMain starts an S3 for the tests, but not for a fuzz run (-run=Fuzz
// -fuzz=…): its processes need none, and the store changes the working
// directory, which contains the corpus.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run())
	}
	os.Exit(s3test.Main(m))
}

const admin = "admin@example.org"

// service is everything that Notify calls, each over HTTP, and its output.
type service struct {
	t           *testing.T
	user        string
	bucket      *bucket.Bucket // without the faults of the function's transport
	config      notify.Config
	directory   *directory.Directory
	cognito     string
	ses         string
	pages       string
	output      *transcript.Log // logs and metrics
	now         func() time.Time
	waitTimeout time.Duration
	// sceneTimeout is long: the machine of the tests may be slow.
	sceneTimeout time.Duration
	scores       map[int]*float64 // of the masks of objects that succeed
	formats      []job.Format     // of the jobs
}

// newService starts a user directory with the test's user and a mailbox.
func newService(t *testing.T) *service {
	t.Helper()
	dir := t.TempDir()
	db, err := bbolt.Open(filepath.Join(dir, "mails.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	mails, err := mailbox.New(mailbox.Config{Database: db, Identities: []string{"noreply@example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	users, err := directory.New(directory.Config{
		Issuer: "http://127.0.0.1/oidc", PoolID: "us-east-1_test", Folder: dir,
		Clients: []directory.Client{{ID: "page", RedirectURIs: []string{"http://127.0.0.1/callback"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{
		t: t, user: s3test.User(t), bucket: bucket.New(s3test.Client(nil), s3test.Bucket), directory: users,
		cognito: serve(t, users), ses: serve(t, mails.API()), pages: serve(t, mails.Pages()),
		formats: job.AllFormats, output: &transcript.Log{}, now: time.Now, waitTimeout: 20 * time.Millisecond, sceneTimeout: 10 * time.Minute,
		config: notify.Config{
			Bucket: s3test.Bucket, WebsiteURL: "https://gen3d.example.org", Sender: "Gen3D <noreply@example.org>",
			Admin: admin, UserPoolID: "us-east-1_test", LeaseSeconds: 600, Stack: "test",
		},
	}
	s.register(s.address())
	return s
}

// sandbox makes the mail service behave as in SES's sandbox, with one verified
// address.
func (s *service) sandbox(address string) {
	s.t.Helper()
	db, err := bbolt.Open(filepath.Join(s.t.TempDir(), "sandbox.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close() })
	mails, err := mailbox.New(mailbox.Config{
		Database: db, Identities: []string{"noreply@example.org"}, Sandbox: true, Verified: []string{address},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.ses, s.pages = serve(s.t, mails.API()), serve(s.t, mails.Pages())
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *service) register(address string) {
	s.t.Helper()
	if err := s.directory.Register(directory.User{Name: s.user, Email: address}); err != nil {
		s.t.Fatal(err)
	}
}

// handler returns the function with a transport that can fail; nil means one
// without faults.
func (s *service) handler(transport http.RoundTripper) *notify.Handler {
	cfg := s3test.Config()
	if transport != nil {
		cfg.HTTPClient = &http.Client{Transport: transport}
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return notify.New(s.config, notify.Services{
		Bucket: bucket.New(s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), s3test.Bucket),
		Users:  cognitoidentityprovider.NewFromConfig(cfg, func(o *cognitoidentityprovider.Options) { o.BaseEndpoint = &s.cognito }),
		Mail:   sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = &s.ses }),
		Now:    s.now, NewID: func() string { s.t.Error("a run in Lambda has a request id"); return "" },
		Log:         telemetry.NewLogger(s.output, slog.LevelDebug),
		Metrics:     telemetry.NewMetrics(s.output, s.now, map[string]string{"Stack": "test", "Function": "notify"}),
		WaitTimeout: s.waitTimeout, SceneTimeout: s.sceneTimeout, LearnTimeout: 10 * time.Minute,
	})
}

// job writes a job without results.
func (s *service) job(name string, labels ...string) *job.Manifest {
	s.t.Helper()
	id, err := job.NewID(s.now().Add(-90*time.Second), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	ref := job.Ref{User: s.user, Job: id}
	selections := make([]job.Selection, len(labels))
	for i, label := range labels {
		selections[i] = job.Selection{Label: label, Box: &job.Box{0, 0, 100, 100}}
	}
	m := job.NewManifest(ref, id.Created(), job.Source{
		Bucket: s3test.Bucket, Key: ref.PhotoKey("photo", ".jpg"), ETag: "e", Bytes: 1000,
		Width: 640, Height: 480, Orientation: 1, ContentType: "image/jpeg", Name: name,
	}, selections, job.Options{Formats: s.formats})
	if _, err := s.bucket.CreateManifest(s.t.Context(), &m); err != nil {
		s.t.Fatal(err)
	}
	if err := s.bucket.MarkPending(s.t.Context(), ref); err != nil {
		s.t.Fatal(err)
	}
	return &m
}

// succeed writes object n's files and result, as the model server does.
func (s *service) succeed(m *job.Manifest, n int) {
	s.t.Helper()
	r := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
		Mesh: &job.MeshStats{Vertices: 12345, Faces: 24686}, Mask: &job.MaskUse{Source: job.MaskSegmenter, Share: 0.5, Score: s.scores[n]},
	}
	for _, format := range job.Made(job.AllFormats) {
		file, err := s.bucket.PutFile(s.t.Context(), m.Ref(), n, format, bytes.Repeat([]byte{1}, 2048))
		if err != nil {
			s.t.Fatal(err)
		}
		r.Files = append(r.Files, file)
	}
	s.result(m, r)
}

func (s *service) failed(m *job.Manifest, n int, f job.Failure) {
	s.t.Helper()
	s.result(m, job.FailedResult(n, f, time.Now()))
}

func (s *service) result(m *job.Manifest, r job.Result) {
	s.t.Helper()
	if created, err := s.bucket.CreateResult(s.t.Context(), m.Ref(), r); err != nil || !created {
		s.t.Fatalf("creating result %d: created is %v, error %v", r.Index, created, err)
	}
}

// events returns the bucket's events for the job's results.
func (s *service) events(m *job.Manifest) []json.RawMessage {
	s.t.Helper()
	var events []json.RawMessage
	for _, event := range s3test.Events(s.t, "notify", m.Ref().OutputPrefix()) {
		data, err := json.Marshal(event)
		if err != nil {
			s.t.Fatal(err)
		}
		events = append(events, data)
	}
	return events
}

func (s *service) last(m *job.Manifest) json.RawMessage {
	s.t.Helper()
	events := s.events(m)
	if len(events) == 0 {
		s.t.Fatal("the bucket sent no event")
	}
	return events[len(events)-1]
}

// run invokes the function as Lambda does, with a request ID.
func run(t *testing.T, h *notify.Handler, requestID string, event json.RawMessage) error {
	t.Helper()
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: requestID})
	return h.Handle(ctx, event)
}

func (s *service) mustRun(event json.RawMessage) {
	s.t.Helper()
	if err := run(s.t, s.handler(nil), "request-1", event); err != nil {
		s.t.Fatal(err)
	}
}

// mails returns the mails in the mailbox, newest first.
func (s *service) mails() []mailbox.Mail {
	s.t.Helper()
	response, err := http.Get(s.pages + "/mailbox.json")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var received []mailbox.Mail
	if err := json.Unmarshal(data, &received); err != nil {
		s.t.Fatalf("reading the mailbox: %v\n%s", err, data)
	}
	return received
}

// mailsTo returns the mails to one address.
func (s *service) mailsTo(address string) []mailbox.Mail {
	s.t.Helper()
	var found []mailbox.Mail
	for _, m := range s.mails() {
		if slices.Equal(m.To, []string{address}) {
			found = append(found, m)
		}
	}
	return found
}

// counts returns the number of mails to each address.
func (s *service) counts() map[string]int {
	s.t.Helper()
	sent := map[string]int{}
	for _, m := range s.mails() {
		sent[strings.Join(m.To, ", ")]++
	}
	return sent
}

// onlyMail returns the only mail that was sent.
func (s *service) onlyMail() mailbox.Mail {
	s.t.Helper()
	mails := s.mails()
	if len(mails) != 1 {
		s.t.Fatalf("%d mails went out, not one\n%s", len(mails), s.output)
	}
	return mails[0]
}

// bothMails returns the job's mails to the user and to the admin, which must be
// the only ones.
func (s *service) bothMails() (toUser, toAdmin mailbox.Mail) {
	s.t.Helper()
	theirs, admins := s.mailsTo(s.address()), s.mailsTo(admin)
	if len(theirs) != 1 || len(admins) != 1 || len(s.mails()) != 2 {
		s.t.Fatalf("%d mails went to the user and %d to the admin, of %d; want one each\n%s", len(theirs), len(admins), len(s.mails()), s.output)
	}
	return theirs[0], admins[0]
}

// address returns the user's address.
func (s *service) address() string { return s.user + "@example.com" }

// checkDone checks the bucket's content for a job whose mails are settled.
func (s *service) checkDone(m *job.Manifest) {
	s.t.Helper()
	if notice, _, err := s.bucket.Notice(s.t.Context(), m.Ref()); err != nil || !notice.Sent() {
		s.t.Errorf("the notice is %+v (%v), not marked sent", notice, err)
	}
	if keys := s3test.Keys(s.t, m.Ref().PendingKey()); len(keys) > 0 {
		s.t.Error("the pending marker is still there")
	}
}

func (s *service) bucketKeys(prefix string) []string { return s3test.Keys(s.t, prefix) }

// offline returns the function with services that refuse every call.
func offline() *notify.Handler {
	client := s3.New(s3.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		HTTPClient: &http.Client{Transport: refusing{}}, Retryer: aws.NopRetryer{},
	})
	return notify.New(notify.Config{}, notify.Services{
		Bucket: bucket.New(client, "b"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("refused to call")
}
