package mailbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	gomail "github.com/wneessen/go-mail"
	"go.etcd.io/bbolt"

	"gen3d/local/mailbox"
)

const sender = "noreply@genesis3d.com"

// served is a mailbox on a loopback port, with an SES client of the SDK.
type served struct {
	url    string
	client *sesv2.Client
}

func serve(t *testing.T, path string) served {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	box, err := mailbox.New(mailbox.Config{
		Database:   db,
		Identities: []string{sender, "verified.example"},
		Refused:    []string{"Bounced@example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v2/", box.API())
	mux.Handle("/mailbox", box.Pages())
	mux.Handle("/mailbox.json", box.Pages())
	mux.Handle("/mailbox/", box.Pages())
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return served{server.URL, sesv2.New(sesv2.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(server.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("gen3dlocal", "gen3dlocalsecret", ""),
	})}
}

func open(t *testing.T) served {
	t.Helper()
	return serve(t, filepath.Join(t.TempDir(), "mail.db"))
}

func (s served) get(t *testing.T, path string) (int, http.Header, string) {
	t.Helper()
	response, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

func (s served) list(t *testing.T) []mailbox.Mail {
	t.Helper()
	status, _, body := s.get(t, "/mailbox.json")
	var mails []mailbox.Mail
	if err := json.Unmarshal([]byte(body), &mails); err != nil || status != http.StatusOK {
		t.Fatalf("%d %q: %v", status, body, err)
	}
	return mails
}

// raw returns a mail composed with the library that Notify uses.
func raw(t *testing.T, subject, text, html string, to ...string) []byte {
	t.Helper()
	m := gomail.NewMsg()
	if err := errors.Join(m.FromFormat("Gen3D", sender), m.To(to...)); err != nil {
		t.Fatal(err)
	}
	m.Subject(subject)
	m.SetBodyString(gomail.TypeTextPlain, text)
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	if err := m.AttachReader("résumé 1.txt", strings.NewReader("attached")); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

// withoutIDAndDate returns what follows these two fields in a mail of [raw].
func withoutIDAndDate(data []byte) string {
	var rest []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "Date: ") && !strings.HasPrefix(line, "Message-ID: ") {
			rest = append(rest, line)
		}
	}
	return strings.Join(rest, "")
}

func (s served) send(t *testing.T, from string, data []byte, to ...string) (string, error) {
	t.Helper()
	input := &sesv2.SendEmailInput{
		Content:              &types.EmailContent{Raw: &types.RawMessage{Data: data}},
		ConfigurationSetName: aws.String("Gen3D-local"),
	}
	if from != "" {
		input.FromEmailAddress = aws.String(from)
	}
	if len(to) > 0 {
		input.Destination = &types.Destination{ToAddresses: to}
	}
	output, err := s.client.SendEmail(t.Context(), input)
	if err != nil {
		return "", err
	}
	return aws.ToString(output.MessageId), nil
}

func TestMessageIDAndDateAreReplaced(t *testing.T) {
	s := open(t)
	data := "Date: Mon, 02 Jan 2006 15:04:05 +0000\r\nMessage-ID: <own\r\n folded@example.com>\r\nX-Gen3D-Event: e\r\n" +
		"From: " + sender + "\r\nTo: testuser001@example.com\r\nSubject: s\r\n\r\nDate: a line of the text\r\n"
	id, err := s.send(t, "", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	got := s.list(t)[0]
	if got.Headers["Message-Id"] != "<"+id+"@email.amazonses.com>" || got.Headers["X-Gen3d-Event"] != "e" {
		t.Errorf("the headers are %v", got.Headers)
	}
	if date, err := mail.ParseDate(got.Headers["Date"]); err != nil || !date.Equal(got.Time.Truncate(time.Second)) {
		t.Errorf("the date is %q, accepted at %s (%v)", got.Headers["Date"], got.Time, err)
	}
	if _, _, stored := s.get(t, "/mailbox/"+got.ID); strings.Contains(stored, "own") || strings.Contains(stored, "folded") ||
		strings.Count(stored, "Date:") != 2 || !strings.HasSuffix(stored, "\r\n\r\nDate: a line of the text\r\n") {
		t.Errorf("the message is %q", stored)
	}
}

func TestRawMailIsStoredAndListedNewestFirst(t *testing.T) {
	s := open(t)
	data := raw(t, "Your 3D Mesh is Ready! – größer ✓", "Hello\nhttp://127.0.0.1:8080/jobs/1", "<p>Hello <b>there</b></p>", "testuser001@example.com")
	first, err := s.send(t, "Gen3D <"+sender+">", data, "testuser001@example.com", "info@2112-lab.com")
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.send(t, "", raw(t, "later", "x", "<p>x</p>", "testuser002@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	mails := s.list(t)
	if len(mails) != 2 || mails[0].MessageID != second || mails[1].MessageID != first || first == second {
		t.Fatalf("listed %+v, sent %s and %s", mails, first, second)
	}
	got := mails[1]
	if got.Subject != "Your 3D Mesh is Ready! – größer ✓" || !strings.Contains(got.From, "<"+sender+">") || !strings.Contains(got.From, "Gen3D") {
		t.Errorf("subject %q from %q", got.Subject, got.From)
	}
	if strings.Join(got.To, " ") != "testuser001@example.com info@2112-lab.com" || strings.Join(mails[0].To, " ") != "testuser002@example.com" {
		t.Errorf("to %v and %v", got.To, mails[0].To)
	}
	if strings.TrimSpace(strings.ReplaceAll(got.Text, "\r\n", "\n")) != "Hello\nhttp://127.0.0.1:8080/jobs/1" || !strings.Contains(got.HTML, "<b>there</b>") {
		t.Errorf("text %q, HTML %q", got.Text, got.HTML)
	}
	if len(got.Attachments) != 1 || got.Attachments[0].Name != "résumé 1.txt" || got.Attachments[0].Size != len("attached") {
		t.Errorf("attachments %+v", got.Attachments)
	}
	if got.Headers["Mime-Version"] != "1.0" || got.Headers["Subject"] != got.Subject || got.ConfigurationSet != "Gen3D-local" || got.Time.IsZero() {
		t.Errorf("mail %+v", got)
	}
	status, header, body := s.get(t, "/mailbox/"+got.ID)
	if status != http.StatusOK || got.Size != len(body) || !strings.HasSuffix(body, withoutIDAndDate(data)) || header.Get("Content-Type") != "message/rfc822" || !strings.Contains(header.Get("Content-Disposition"), ".eml") {
		t.Errorf("download: %d %v, %d bytes: %s", status, header, got.Size, body)
	}
	if _, _, newest := s.get(t, "/mailbox.json?limit=1"); !strings.Contains(newest, second) || strings.Contains(newest, first) {
		t.Errorf("limit=1 gives %s", newest)
	}
}

func TestInvalidMailIsRefusedWithSESErrors(t *testing.T) {
	s := open(t)
	good := "testuser001@example.com"
	plain := func(header string) []byte { return []byte(header + "\r\nSubject: x\r\n\r\nbody\r\n") }
	for name, test := range map[string]struct {
		from       string
		data       []byte
		to         []string
		code, want string
	}{
		"unverified sender":       {"unverified@example.com", plain("From: " + sender), []string{good}, "MessageRejected", "Email address is not verified. The following identities failed the check in region US-EAST-1: unverified@example.com"},
		"unverified From header":  {sender, plain("From: Boss <boss@example.com>"), []string{good}, "MessageRejected", "boss@example.com"},
		"unverified Sender":       {sender, plain("From: " + sender + "\r\nSender: boss@example.com"), []string{good}, "MessageRejected", "boss@example.com"},
		"look-alike domain":       {"x@notverified.example", plain("From: " + sender), []string{good}, "MessageRejected", "not verified"},
		"no From header":          {sender, plain("To: " + good), []string{good}, "BadRequestException", "Missing required header 'From'"},
		"refused local part":      {sender, plain("From: " + sender), []string{good, "Refused@example.org"}, "MessageRejected", "refused"},
		"refused by list":         {sender, plain("From: " + sender), []string{"bounced@EXAMPLE.com"}, "MessageRejected", "refused"},
		"no recipient":            {sender, plain("From: " + sender), nil, "BadRequestException", "no recipient"},
		"no address":              {sender, plain("From: " + sender), []string{"unknown"}, "BadRequestException", "Invalid recipient address"},
		"non-ASCII local part":    {sender, plain("From: " + sender), []string{"jörg@example.com"}, "BadRequestException", "ASCII"},
		"51 recipients":           {sender, plain("From: " + sender), strings.Split(strings.Repeat(good+",", 50)+good, ","), "BadRequestException", "exceeds 50"},
		"a line of 1001":          {sender, append(plain("From: "+sender), []byte(strings.Repeat("x", 1001))...), []string{good}, "BadRequestException", "1001 characters"},
		"no header":               {sender, []byte("hello"), []string{good}, "BadRequestException", ""},
		"broken parts":            {sender, plain("From: " + sender + "\r\nContent-Type: multipart/mixed; boundary=b"), []string{good}, "BadRequestException", "not a well-formed mail"},
		"unknown transfer coding": {sender, plain("From: " + sender + "\r\nContent-Transfer-Encoding: rot13"), []string{good}, "BadRequestException", "not a well-formed mail"},
		"over 10 MB":              {sender, append(plain("From: "+sender), []byte(strings.Repeat(strings.Repeat("x", 98)+"\r\n", 105_000))...), []string{good}, "BadRequestException", "more than 10485760 bytes"},
		"far over 10 MB":          {sender, make([]byte, 13<<20), []string{good}, "BadRequestException", "more than 10485760 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.send(t, test.from, test.data, test.to...)
			var fault smithy.APIError
			if !errors.As(err, &fault) || fault.ErrorCode() != test.code || !strings.Contains(fault.ErrorMessage(), test.want) {
				t.Errorf("%v, want %s %q", err, test.code, test.want)
			}
		})
	}
	var rejected *types.MessageRejected
	if _, err := s.send(t, "unverified@example.com", plain("From: "+sender), good); !errors.As(err, &rejected) {
		t.Errorf("%v is not a MessageRejected", err)
	}
	for name, content := range map[string]*types.EmailContent{
		"template": {Template: &types.Template{TemplateName: aws.String("t")}},
		"simple": {Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("s")}, Body: &types.Body{Text: &types.Content{Data: aws.String("t")}},
		}},
	} {
		_, err := s.client.SendEmail(t.Context(), &sesv2.SendEmailInput{
			FromEmailAddress: aws.String(sender), Destination: &types.Destination{ToAddresses: []string{good}}, Content: content,
		})
		var bad *types.BadRequestException
		if !errors.As(err, &bad) {
			t.Errorf("%s content: %v", name, err)
		}
	}
	if left := s.list(t); len(left) != 0 {
		t.Errorf("refused mails were stored: %+v", left)
	}
	if _, err := s.send(t, "anything@Verified.Example", plain("From: anything@verified.example"), good); err != nil {
		t.Errorf("a sender of a verified domain: %v", err)
	}
}

func TestSandboxRejectsMailWithAnUnverifiedRecipient(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "mail.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	box, err := mailbox.New(mailbox.Config{
		Database: db, Identities: []string{sender}, Sandbox: true, Verified: []string{"me@example.com", "team.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box.API())
	t.Cleanup(server.Close)
	s := served{server.URL, sesv2.New(sesv2.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("gen3dlocal", "gen3dlocalsecret", ""),
	})}
	data := raw(t, "Hello", "text", "<p>html</p>", "me@example.com")
	for _, to := range [][]string{{"me@example.com"}, {sender, "anyone@team.example"}, {"success@simulator.amazonses.com"}} {
		if _, err := s.send(t, sender, data, to...); err != nil {
			t.Errorf("a mail to %v: %v", to, err)
		}
	}
	_, err = s.send(t, sender, data, "me@example.com", "you@example.com", "they@example.com")
	var rejected *types.MessageRejected
	if !errors.As(err, &rejected) || !strings.HasSuffix(rejected.ErrorMessage(), "in region US-EAST-1: you@example.com, they@example.com") {
		t.Errorf("a mail to two unverified recipients among others: %v", err)
	}
}

func TestUnsignedRequestsAndOtherOperationsAreRefused(t *testing.T) {
	s := open(t)
	response, err := http.Post(s.url+"/v2/email/outbound-emails", "text/plain", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden || response.Header.Get("X-Amzn-Errortype") != "MissingAuthenticationTokenException" {
		t.Errorf("unsigned: %d %v", response.StatusCode, response.Header)
	}
	_, err = s.client.ListEmailIdentities(t.Context(), &sesv2.ListEmailIdentitiesInput{})
	var fault smithy.APIError
	if !errors.As(err, &fault) || fault.ErrorCode() != "UnknownOperationException" {
		t.Errorf("another operation: %v", err)
	}
}

func TestMailsAndNumbersPersistAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	t.Run("before", func(t *testing.T) {
		s := serve(t, path)
		if _, err := s.send(t, sender, raw(t, "one", "x", "y", "a@example.com")); err != nil {
			t.Fatal(err)
		}
	})
	s := serve(t, path)
	if _, err := s.send(t, sender, raw(t, "two", "x", "y", "a@example.com")); err != nil {
		t.Fatal(err)
	}
	mails := s.list(t)
	if len(mails) != 2 || mails[0].Subject != "two" || mails[1].Subject != "one" || mails[0].ID == mails[1].ID {
		t.Errorf("after a restart: %+v", mails)
	}
}

func TestConcurrentMailsAreAllStored(t *testing.T) {
	s := open(t)
	const count = 60
	var wait sync.WaitGroup
	for n := range count {
		data := raw(t, fmt.Sprint("mail ", n), "x", "<p>y</p>", "a@example.com")
		wait.Go(func() {
			if _, err := s.send(t, sender, data); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	subjects, ids := map[string]bool{}, map[string]bool{}
	for _, mail := range s.list(t) {
		subjects[mail.Subject], ids[mail.MessageID] = true, true
	}
	if len(subjects) != count || len(ids) != count {
		t.Errorf("%d subjects, %d message ids of %d mails", len(subjects), len(ids), count)
	}

	status, _, page := s.get(t, "/mailbox")
	if status != http.StatusOK || strings.Count(page, "<li>") != 50 || !strings.Contains(page, `href="/mailbox?before=11"`) {
		t.Errorf("first page: %d, %d mails", status, strings.Count(page, "<li>"))
	}
	_, _, older := s.get(t, "/mailbox?before=11")
	if strings.Count(older, "<li>") != 10 || strings.Contains(older, `rel="next"`) || !strings.Contains(older, ">Newest<") {
		t.Errorf("second page: %d mails", strings.Count(older, "<li>"))
	}
}

func TestMailboxUsesOneBucketOfTheDatabase(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "shared.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := mailbox.New(mailbox.Config{Database: db, Identities: []string{sender}}); err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			if string(name) != "mailbox" {
				return fmt.Errorf("it created the bucket %s", name)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := mailbox.New(mailbox.Config{Database: db}); err == nil {
		t.Error("a mailbox without a verified identity was created")
	}
}
