package service_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/cmd/gen3d/smoke"
	"gen3d/tests/support/standin"
)

func TestSmokeOfAStackPasses(t *testing.T) {
	s := start(t, t.TempDir())
	a := newAccount(s)
	const running = "gen3d-smoke-29990101t000000z-abcdef"
	a.users.Add(standin.Account{Sub: "left-sub", Name: "gen3d-smoke-20200101t000000z-abcdef"})
	a.users.Add(standin.Account{Sub: "running-sub", Name: running})
	a.users.Add(standin.Account{Sub: "person-sub", Name: "Ada"})
	s.copyIn("users/left-sub/output/file", []byte("x"), nil)
	s.copyIn("users/running-sub/output/file", []byte("x"), nil)
	report := a.smokes(t, nil)
	if report.Failed != 0 || report.Skipped != 0 || report.Target != "stack dev" {
		t.Errorf("%s, failed: %v", report, failures(report))
	}
	for _, want := range []string{"2 made, 1 user of an earlier run removed", "2 alarms quiet", "to the mailbox simulator and to the admin accepted by SES", "2 users and "} {
		if !slices.ContainsFunc(report.Steps, func(step smoke.Step) bool { return strings.Contains(step.Message, want) }) {
			t.Errorf("no step says %q", want)
		}
	}
	if len(a.users.Accounts) != 2 || a.users.Find("running-sub") == nil || a.users.Find("person-sub") == nil || a.users.Made != 2 || len(a.users.Mails) > 0 {
		t.Errorf("the pool has the users %v", a.users.Accounts)
	}
	if left := s.keys("users/"); !slices.Equal(left, []string{"users/running-sub/output/file"}) || len(s.keys("pending/")) > 0 {
		t.Errorf("left: %q, %q", left, s.keys("pending/"))
	}
}

func TestSmokeReadsTheMailsOfAnInbox(t *testing.T) {
	s := start(t, t.TempDir())
	a := newAccount(s)
	a.trip = func(r *http.Request) (*http.Response, error) {
		if "http://"+r.URL.Host == s.s3URL && r.URL.Query().Get("prefix") == "inbox/" {
			s.storeMails("inbox/")
		}
		return http.DefaultTransport.RoundTrip(r)
	}
	report := a.smokes(t, func(o *smoke.Options) {
		o.Inbox, o.InboxAddress = "s3://"+dataBucket+"/inbox/", "testuser003@example.com"
	})
	if failed := failures(report); len(failed) > 0 || len(s.keys("inbox/")) == 0 {
		t.Errorf("failed: %v, inbox %q", failed, s.keys("inbox/"))
	}
	report = newAccount(s).smokes(t, func(o *smoke.Options) { o.Inbox = "mails" })
	if failed := failures(report); len(failed) != 1 || !strings.Contains(failed[0].Message, "needs both --inbox, such as s3://mails/inbox/, and --inbox-address") {
		t.Errorf("failed: %v", failed)
	}
}

// storeMails copies the mails of the mailbox into the bucket, as a receipt rule
// of SES does.
func (s *service) storeMails(prefix string) {
	s.t.Helper()
	var mails []struct {
		ID string `json:"id"`
	}
	s.get("/mailbox.json", &mails)
	for _, m := range mails {
		_, raw := download(s.t.Context(), s.t, s.url+"/mailbox/"+m.ID)
		s.copyIn(prefix+m.ID, raw, nil)
	}
}

func TestSmokeNamesTheStepOfEachBreakageOfAStack(t *testing.T) {
	s := start(t, t.TempDir())
	for _, test := range []struct {
		name    string
		step    string
		status  smoke.Status
		wants   string
		damages func(*account)
	}{
		{"no output", "service", smoke.Failed, "no output dataBucket: deploy it first with make up STACK=dev", func(a *account) { delete(a.outputs, "dataBucket") }},
		{"the page of another stack", "page configuration", smoke.Failed, "the stack's region and app client", func(a *account) { a.outputs["userPoolClientId"] = "another" }},
		{"no right to make users", "users", smoke.Failed, "the credentials need cognito-idp:AdminCreateUser", func(a *account) { a.Deny("AdminCreateUser") }},
		{"no right to list users", "users", smoke.Failed, "the credentials need cognito-idp:ListUsers", func(a *account) { a.Deny("ListUsers") }},
		{"a second factor", "sign-in", smoke.Failed, "a further step (MFA_SETUP)", func(a *account) { a.factor = true }},
		{"an active alarm", "alarms", smoke.Failed, "Gen3DDeadLetters-dev (Threshold Crossed", func(a *account) { a.states["Gen3DDeadLetters-dev"] = "ALARM" }},
		{"no right to read alarms", "alarms", smoke.Failed, "the credentials need cloudwatch:DescribeAlarms", func(a *account) { a.Deny("DescribeAlarms") }},
		{"alarms are off", "alarms", smoke.Skipped, "the stack has no alarms (gen3d:alarms)", func(a *account) { a.states = nil }},
		{"the model is off", "wait for the mesh", smoke.Skipped, "the stack has no model yet (gen3d:model.enabled)", func(a *account) { a.outputs["endpointConfigName"] = "" }},
		{"SES refuses the user's address", "mail", smoke.Failed, "to user A; seen: address_refused; verify the address", func(a *account) {
			b := &breakage{service: s}
			a.trip = func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, "/notified.json") || r.Method != http.MethodGet {
					return b.pass(r)
				}
				return b.document(r, func(notice map[string]any) { notice["user"] = map[string]any{"unsent": "address_refused"} })
			}
		}},
		{"users cannot be removed", "clean up", smoke.Failed, "the next run removes what is left", func(a *account) { a.Deny("AdminDeleteUser") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAccount(s)
			test.damages(a)
			report := a.smokes(t, nil)
			for _, step := range report.Steps {
				if step.Name == test.step && (step.Status != test.status || !strings.Contains(step.Message, test.wants)) {
					t.Errorf("%v; want %s with %q", step, test.status, test.wants)
				}
				if step.Name != test.step && step.Status == smoke.Failed {
					t.Errorf("another step failed: %v", step)
				}
			}
			if len(a.users.Accounts) > 0 && test.step != "clean up" {
				t.Errorf("the pool still has %v", a.users.Accounts)
			}
			s.eventually("nothing left", func() bool { return len(s.keys("users/")) == 0 && s.markers() == 0 })
		})
	}
}

// Notify removes what the model writes of a job that is deleted meanwhile.
func TestSmokeWaitsForWhatIsWrittenAfterTheDeletion(t *testing.T) {
	s := start(t, t.TempDir(), "--model-start", "1h")
	a := newAccount(s)
	a.outputs["endpointConfigName"] = ""
	b := &breakage{service: s}
	folder, lists := "", 0 // of the deleted job
	a.trip = func(r *http.Request) (*http.Response, error) {
		if folder != "" && r.URL.Query().Get("prefix") == folder {
			if lists++; lists == 2 {
				if _, err := b.s3().DeleteObject(r.Context(), &s3.DeleteObjectInput{Bucket: aws.String(dataBucket), Key: aws.String(folder + "1/mesh.glb")}); err != nil {
					return nil, err
				}
			}
		}
		response, err := b.pass(r)
		if folder == "" && ofJob(r, http.MethodDelete) && err == nil && response.StatusCode == http.StatusNoContent {
			folder = "users/testuser003/output/" + strings.TrimPrefix(r.URL.Path, "/api/jobs/") + "/"
			_, err = b.s3().PutObject(r.Context(), &s3.PutObjectInput{Bucket: aws.String(dataBucket), Key: aws.String(folder + "1/mesh.glb"), Body: strings.NewReader("glTF")})
		}
		return response, err
	}
	report := a.smokes(t, nil)
	for _, step := range report.Steps {
		if step.Status == smoke.Failed {
			t.Error(step)
		}
	}
	if lists < 2 {
		t.Errorf("the files of the deleted job were listed %d times", lists)
	}
}
