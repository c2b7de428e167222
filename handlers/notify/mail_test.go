package notify_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
	"gen3d/local/mailbox"
	"gen3d/tests/support/s3test"
)

func wants(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("the %s does not say %q:\n%s", what, part, text)
		}
	}
}

func TestSuccessMailListsFilesAndBackend(t *testing.T) {
	s := newService(t)
	now := time.Now().Truncate(time.Millisecond) // as in the job's ID
	s.now = func() time.Time { return now }
	m := s.job("Küche & Bad.jpg", "mug")
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	mail, _ := s.bothMails()
	if mail.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("the subject is %q", mail.Subject)
	}
	link := "https://gen3d.example.org/jobs/" + string(m.JobID)
	same := []string{link, "mug", "mesh.glb", "mesh.ply", "splat.ply", "splat.spz", "2 KB", "12,345", "24,686", "CPU preview, not SAM 3D"}
	wants(t, "text", mail.Text, append(same, "Küche & Bad.jpg")...)
	wants(t, "HTML", mail.HTML, append(same, "Küche &amp; Bad.jpg")...)
	if strings.Contains(mail.Text+mail.HTML, "X-Amz-") {
		t.Error("the mail holds a presigned address")
	}
	if !strings.HasPrefix(mail.Headers["Content-Type"], "multipart/alternative") {
		t.Errorf("the mail is %q", mail.Headers["Content-Type"])
	}
	if event := mail.Headers["X-Gen3d-Event"]; event != string(m.JobID) {
		t.Errorf("the mail's event is %q", event)
	}
	wants(t, "output", s.output.String(), `"JobsSucceeded":1`, `"MailsSent":1`, `"JobDuration":90000`)
}

func TestMailNamesTheObjectsWhoseMaskMayBeWrong(t *testing.T) {
	s := newService(t)
	low, high := 0.5, 0.95
	s.scores = map[int]*float64{1: &high, 2: &low}
	m := s.job("cat.jpg", "head", "tail")
	s.succeed(m, 1)
	s.succeed(m, 2)
	s.mustRun(s.last(m))
	toUser, toAdmin := s.bothMails()
	for what, text := range map[string]string{"text": toUser.Text, "HTML": toUser.HTML, "admin's text": toAdmin.Text} {
		head, tail, _ := strings.Cut(text, "tail")
		wants(t, what, tail, "Check the mask", "correct the mask")
		if strings.Contains(head, "Check the mask") {
			t.Errorf("the %s doubts the head as well:\n%s", what, text)
		}
	}
}

func TestPartialSuccessMailListsEachObject(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "head", "tail", "paw")
	s.succeed(m, 1)
	s.failed(m, 2, job.Failure{Code: job.CodeNoObject, Message: "No object stands out in the box; draw it tighter."})
	s.succeed(m, 3)
	s.mustRun(s.last(m))
	mail, _ := s.bothMails()
	if mail.Subject != "Your 3D Mesh is Ready!" {
		t.Errorf("the subject is %q", mail.Subject)
	}
	for what, text := range map[string]string{"text": mail.Text, "HTML": mail.HTML} {
		wants(t, what, text, "2 of 3 objects are ready", "head", "tail", "paw", "No object stands out in the box; draw it tighter.")
	}
	wants(t, "output", s.output.String(), `"JobsPartial":1`)
}

func TestFailureMailSaysWhatToDo(t *testing.T) {
	s := newService(t)
	m := s.job("notes.jpg", "", "")
	for n := range 2 {
		s.failed(m, n+1, job.Failure{Code: job.CodeNotAnImage, Message: "The file is no picture; choose a JPEG, PNG or WebP photo."})
	}
	s.mustRun(s.last(m))
	mail, _ := s.bothMails()
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
	toUser, toAdmin := s.bothMails()
	for _, mail := range []mailbox.Mail{toUser, toAdmin} {
		if len(mail.To) != 1 || mail.Headers["Bcc"] != "" || mail.Subject != "Your 3D Mesh is Ready!" {
			t.Errorf("a name got into the headers: to %v, %v", mail.To, mail.Headers)
		}
		if strings.Contains(mail.HTML, "<script") || strings.Contains(mail.HTML, "<img") {
			t.Errorf("a name became markup:\n%s", mail.HTML)
		}
		if strings.Contains(mail.Text, "\nBcc:") || strings.Contains(mail.Text+mail.HTML, "\u202e") {
			t.Errorf("a name was shown as a separate line or changed the direction of writing:\n%s", mail.Text)
		}
		wants(t, "text", mail.Text, "{{.Link}}", "<script>alert(1)</script>gpj.exe")
	}
}

func TestOnlyTheAdminIsMailedIfTheUserCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*service)
		says    string
	}{
		"unknown to the directory": {func(s *service) { s.cognito = unknownUser(s.t) }, "does not know the user"},
		"without an address":       {func(s *service) { s.register("") }, "has no usable address"},
		"with an unverified one":   {func(s *service) { s.cognito = answering(s.t, address("eve@example.com", "false")...) }, "not verified"},
		"with one that is none": {func(s *service) {
			s.cognito = answering(s.t, address("a@example.com\r\nBcc: b@example.com", "true")...)
		}, "has no usable address"},
		"with two in one":           {func(s *service) { s.cognito = answering(s.t, address("a@example.com, b@example.com", "true")...) }, "has no usable address"},
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
			wants(t, "text", mail.Text, "For the administrator", "The user was not told", test.says)
			wants(t, "HTML", html.UnescapeString(mail.HTML), "For the administrator", "The user was not told", test.says)
			s.checkDone(m)
			if strings.Contains(s.output.String(), "@example") {
				t.Errorf("an address is in the log:\n%s", s.output)
			}
		})
	}
}

// attribute is Cognito's AttributeType.
type attribute struct{ Name, Value string }

// gen3d users add creates users in the cloud.
func TestUserCreatedByAnOperatorGetsTheMail(t *testing.T) {
	s := newService(t)
	const added = "you@example.com"
	var attributes []attribute
	for _, a := range users.Attributes(added) {
		attributes = append(attributes, attribute{*a.Name, *a.Value})
	}
	s.cognito = answering(t, attributes...)
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	if mails := s.mailsTo(added); len(mails) != 1 {
		t.Errorf("%d mails went to the user; the log says:\n%s", len(mails), s.output)
	}
	s.checkDone(m)
}

func TestTheAdminsMailAboutAFailureNamesTheOperatorsCommand(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "")
	s.failed(m, 1, job.Failure{Code: job.CodeTimedOut, Message: "It took too long."})
	s.mustRun(s.last(m))
	user, adminMail := s.bothMails()
	command := "bin/gen3d jobs show --stack test " + string(m.JobID) + " --user " + m.UserID
	wants(t, "admin's text", adminMail.Text, command)
	wants(t, "admin's HTML", adminMail.HTML, command)
	if strings.Contains(user.Text+user.HTML, "gen3d jobs") {
		t.Error("the user is told an operator's command")
	}
}

func TestUserWhoIsTheAdminGetsOneCopy(t *testing.T) {
	s := newService(t)
	s.register(strings.ToUpper(admin[:1]) + admin[1:])
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	s.mustRun(s.last(m))
	mail := s.onlyMail()
	if len(mail.To) != 1 {
		t.Errorf("it went to %v", mail.To)
	}
	wants(t, "text", mail.Text, "Your 3D mesh is ready", "s3://"+s3test.Bucket+"/"+m.Ref().OutputPrefix())
	s.checkDone(m)
}

func TestUserAndAdminGetSeparateMails(t *testing.T) {
	s := newService(t)
	m := s.job("cat.jpg", "tail", "")
	s.succeed(m, 1)
	s.failed(m, 2, job.Failure{Code: job.CodeNoObject, Message: "No object stands out in the box; draw it tighter."})
	s.mustRun(s.last(m))
	toUser, toAdmin := s.bothMails()
	folder := "s3://" + s3test.Bucket + "/" + m.Ref().OutputPrefix()
	for what, text := range map[string]string{"text": toAdmin.Text, "HTML": toAdmin.HTML} {
		wants(t, "admin's "+what, text, folder, "aws s3 cp --recursive", "The user was told", string(m.JobID), s.user, "tail")
	}
	if strings.Contains(fmt.Sprint(toUser), admin) || strings.Contains(toUser.Text+toUser.HTML, "s3://") {
		t.Errorf("the user's mail holds what is the admin's:\n%v", toUser)
	}
	if strings.Contains(fmt.Sprint(toAdmin), s.address()) {
		t.Errorf("the admin's mail holds the user's address:\n%v", toAdmin)
	}
	if toUser.Headers["X-Gen3d-Event"] == toAdmin.Headers["X-Gen3d-Event"] {
		t.Errorf("both mails are of the event %s", toUser.Headers["X-Gen3d-Event"])
	}
	notice, _, err := s.bucket.Notice(t.Context(), m.Ref())
	if err != nil || !notice.User.Sent() || !notice.Admin.Sent() || !notice.Sent() {
		t.Errorf("the notice is %+v (%v); want both mails recorded", notice, err)
	}
}

// In the SES sandbox, one address that is not verified causes a message to be
// rejected for all its recipients.
func TestRefusedAddressDoesNotBlockTheOtherMail(t *testing.T) {
	for name, test := range map[string]struct{ verified, told func(*service) string }{
		"the user's":  {func(*service) string { return admin }, func(*service) string { return admin }},
		"the admin's": {(*service).address, (*service).address},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.sandbox(test.verified(s))
			m := s.job("cat.jpg", "")
			s.succeed(m, 1)
			s.mustRun(s.last(m))
			if to := s.onlyMail().To; !slices.Equal(to, []string{test.told(s)}) {
				t.Errorf("the mail went to %v", to)
			}
			wants(t, "output", s.output.String(), `"MailsRefused":1`)
			s.checkDone(m)
		})
	}
}

func TestUndeliverableMailsAreRetried(t *testing.T) {
	s := newService(t)
	ses, pages := s.ses, s.pages
	s.sandbox("someone@example.net")
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	event := s.last(m)
	if err := run(t, s.handler(nil), "request-1", event); err == nil {
		t.Fatal("the run ended without an error")
	}
	if keys := s.bucketKeys(m.Ref().PendingKey()); len(keys) == 0 {
		t.Error("the job no longer counts as unfinished")
	}
	s.ses, s.pages = ses, pages
	s.mustRun(event)
	s.bothMails()
	s.checkDone(m)
}

func TestErrorOfTheAdminsMailDoesNotRepeatTheUsers(t *testing.T) {
	s := newService(t)
	sound, first := s.ses, true
	s.ses = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			forward(t, sound, w, r)
			return
		}
		w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	m := s.job("cat.jpg", "")
	s.succeed(m, 1)
	event := s.last(m)
	if err := run(t, s.handler(nil), "request-1", event); err == nil {
		t.Fatal("the run ended without an error")
	}
	s.ses = sound
	s.mustRun(event)
	s.bothMails()
	s.checkDone(m)
}

// forward forwards a request to the mail service.
func forward(t *testing.T, to string, w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(to)
	if err != nil {
		t.Error(err)
		return
	}
	httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
}

func TestServiceErrorIsRetriedUntilTheMailIsSent(t *testing.T) {
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
				s.bothMails()
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

// answering starts a user directory in which all users have the same
// attributes.
func answering(t *testing.T, attributes ...attribute) string {
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"Username": "u", "Enabled": true, "UserStatus": "CONFIRMED",
			"UserAttributes": attributes,
		})
	}))
}

func address(mailbox, verified string) []attribute {
	return []attribute{{Name: "email", Value: mailbox}, {Name: "email_verified", Value: verified}}
}
