package notify_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gen3d/internal/job"
)

func wants(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("the %s does not say %q:\n%s", what, part, text)
		}
	}
}

func TestMailOfASuccessTellsFilesAndWhatMadeThem(t *testing.T) {
	s := newService(t)
	m := s.job("Küche & Bad.jpg", "mug")
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	mail := s.onlyMail()
	if mail.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("the subject is %q", mail.Subject)
	}
	if to := strings.Join(mail.To, " "); to != s.user+"@example.com "+admin {
		t.Errorf("it went to %s", to)
	}
	link := "https://gen3d.example.org/jobs/" + string(m.JobID)
	same := []string{link, "mug", "mesh.glb", "mesh.ply", "splat.ply", "2 KB", "12,345", "24,686", "CPU relief preview, not SAM 3D"}
	wants(t, "text", mail.Text, append(same, "Küche & Bad.jpg")...)
	wants(t, "HTML", mail.HTML, append(same, "Küche &amp; Bad.jpg")...)
	if strings.Contains(mail.Text+mail.HTML, "X-Amz-") {
		t.Error("the mail holds a presigned address")
	}
	if !strings.HasPrefix(mail.Headers["Content-Type"], "multipart/alternative") {
		t.Errorf("the mail is %q", mail.Headers["Content-Type"])
	}
	if id := mail.Headers["Message-Id"]; id != "<"+string(m.JobID)+"@example.org>" {
		t.Errorf("the message's id is %q", id)
	}
	wants(t, "output", s.output.String(), `"JobsSucceeded":1`, `"MailsSent":1`, `"JobDuration":9`)
}

func TestMailOfAPartialSuccessTellsEachObject(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "head", "tail", "paw")
	s.succeed(m, 1)
	s.failed(m, 2, job.Failure{Code: job.CodeNoObject, Message: "No object stands out in the box; draw it tighter."})
	s.succeed(m, 3)
	s.mustRun(s.last(m))
	mail := s.onlyMail()
	if mail.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("the subject is %q", mail.Subject)
	}
	for what, text := range map[string]string{"text": mail.Text, "HTML": mail.HTML} {
		wants(t, what, text, "2 of 3 objects are ready", "head", "tail", "paw", "No object stands out in the box; draw it tighter.")
	}
	wants(t, "output", s.output.String(), `"JobsPartial":1`)
}

func TestMailOfAFailureSaysWhatToDo(t *testing.T) {
	s := newService(t)
	m := s.job("notes.jpg", "", "")
	for n := range 2 {
		s.failed(m, n+1, job.Failure{Code: job.CodeNotAnImage, Message: "The file is no picture; choose a JPEG, PNG or WebP photo."})
	}
	s.mustRun(s.last(m))
	mail := s.onlyMail()
	if mail.Subject != "Gen3D Processing Error" {
		t.Errorf("the subject is %q", mail.Subject)
	}
	wants(t, "text", mail.Text, "Nothing could be made", "choose a JPEG, PNG or WebP photo")
	wants(t, "HTML", mail.HTML, "Nothing could be made", "choose a JPEG, PNG or WebP photo")
	wants(t, "output", s.output.String(), `"JobsFailed":1`)
}

func TestNamesCannotForgeHeadersOrMarkup(t *testing.T) {
	s := newService(t)
	hostile := "a.jpg\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\u202egpj.exe"
	m := s.job(hostile, `<img src=x onerror="x">{{.Link}}`)
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	mail := s.onlyMail()
	if len(mail.To) != 2 || mail.Headers["Bcc"] != "" || mail.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("a name got into the headers: to %v, %v", mail.To, mail.Headers)
	}
	if strings.Contains(mail.HTML, "<script") || strings.Contains(mail.HTML, "<img") {
		t.Errorf("a name became markup:\n%s", mail.HTML)
	}
	if strings.Contains(mail.Text, "\nBcc:") || strings.Contains(mail.Text+mail.HTML, "\u202e") {
		t.Errorf("a name posed as a line of its own or turned the writing round:\n%s", mail.Text)
	}
	wants(t, "text", mail.Text, "{{.Link}}", "<script>alert(1)</script>gpj.exe")
}

func TestAdminAloneIsToldWhereTheUserCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*service)
		says    string
	}{
		"unknown to the directory":  {func(s *service) { s.cognito = unknownUser(s.t) }, "does not know the user"},
		"without an address":        {func(s *service) { s.register("") }, "has no usable address"},
		"with an unverified one":    {func(s *service) { s.cognito = answering(s.t, "eve@example.com", "false") }, "not verified"},
		"with one that is none":     {func(s *service) { s.cognito = answering(s.t, "a@example.com\r\nBcc: b@example.com", "true") }, "has no usable address"},
		"with two in one":           {func(s *service) { s.cognito = answering(s.t, "a@example.com, b@example.com", "true") }, "has no usable address"},
		"whose address SES refuses": {func(s *service) { s.register("refused@example.com") }, "refused the user's address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			test.prepare(s)
			m := s.job("cat.jpg", "")
			s.succeed(m, 1)
			s.mustRun(s.last(m))
			mail := s.onlyMail()
			if to := strings.Join(mail.To, " "); to != admin {
				t.Errorf("it went to %s", to)
			}
			wants(t, "text", mail.Text, "For the administrator alone", test.says)
			wants(t, "HTML", strings.ReplaceAll(mail.HTML, "&#39;", "'"), "For the administrator alone", test.says)
			s.checkDone(m)
			if strings.Contains(s.output.String(), "@example") {
				t.Errorf("an address is in the log:\n%s", s.output)
			}
		})
	}
}

func TestUserWhoIsTheAdminGetsOneCopy(t *testing.T) {
	s := newService(t)
	s.register(strings.ToUpper(admin[:1]) + admin[1:])
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	if mail := s.onlyMail(); len(mail.To) != 1 {
		t.Errorf("it went to %v", mail.To)
	}
}

func TestFaultOfAServiceIsTriedAgainUntilTheMailIsOut(t *testing.T) {
	for name, broken := range map[string]func(*service) *string{
		"SES":     func(s *service) *string { return &s.ses },
		"Cognito": func(s *service) *string { return &s.cognito },
	} {
		for _, answer := range []struct {
			status int
			code   string
		}{{429, "TooManyRequestsException"}, {503, "ServiceUnavailable"}} {
			t.Run(name+" "+answer.code, func(t *testing.T) {
				s := newService(t)
				sound := *broken(s)
				var asked atomic.Int64
				*broken(s) = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					w.Header().Set("X-Amzn-Errortype", answer.code)
					w.WriteHeader(answer.status)
				}))
				m := s.job("cat.jpg", "")
				s.succeed(m, 1)
				event := s.last(m)
				if err := run(t, s.handler(nil), "request-1", event); err == nil {
					t.Fatal("the run ended without an error")
				}
				if asked.Load() == 0 {
					t.Fatal("the service was not asked")
				}
				if keys := s.bucketKeys(m.Ref().PendingKey()); len(keys) == 0 {
					t.Error("the job no longer counts as unfinished")
				}
				*broken(s) = sound
				s.mustRun(event)
				s.onlyMail()
				s.checkDone(m)
			})
		}
	}
}

func unknownUser(t *testing.T) string {
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"UserNotFoundException","message":"User does not exist."}`))
	}))
}

// answering is a directory whose users all have one address.
func answering(t *testing.T, address, verified string) string {
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"Username": "u", "Enabled": true, "UserStatus": "CONFIRMED",
			"UserAttributes": []map[string]string{
				{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": verified},
			},
		})
	}))
}
