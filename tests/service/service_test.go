// Package service_test runs the program gen3d local and tests it as its users
// access it: over S3, the API and the mailbox.
package service_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
	"gen3d/tests/support/program"
)

// timeout limits every wait. It is a deadline for a machine under load, not an
// expectation: nothing here measures time.
const timeout = 5 * time.Minute

const (
	dataBucket = "gen3d-local-data"
	adminMail  = "info@2112-lab.com"
)

var gen3d string

func TestMain(m *testing.M) {
	os.Exit(build(m))
}

func build(m *testing.M) int {
	folder, err := os.MkdirTemp("", "gen3d-service-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	gen3d = filepath.Join(folder, "gen3d")
	// Without the race detector, with which a relief takes ten times as
	// long; the tests of the packages use it.
	if err := program.Build(gen3d, "gen3d/cmd/gen3d"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Parallel tests mostly wait for their services.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// service is one running gen3d local.
type service struct {
	t       *testing.T
	url     string // page and API
	s3URL   string
	data    string
	command *exec.Cmd
	output  *lines
	done    chan struct{}
}

// start runs the service with the data folder and waits until it is ready.
func start(t *testing.T, data string, args ...string) *service {
	t.Helper()
	return startBy(t, data, []string{gen3d}, args...)
}

// startBy is like start, with a command that runs the program.
func startBy(t *testing.T, data string, command []string, args ...string) *service {
	t.Helper()
	page, err := filepath.Abs("testdata/page")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, data: data, output: newLines(), done: make(chan struct{})}
	args = append(append([]string{}, command[1:]...), append([]string{"local", "--addr", "127.0.0.1:0", "--s3-addr", "127.0.0.1:0", "--data", data, "--page", page}, args...)...)
	if err := program.Look("gen3d/cmd/gen3d"); err != nil {
		t.Fatal(err)
	}
	s.command = exec.Command(command[0], args...)
	s.command.Stdout, s.command.Stderr = s.output, s.output
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.command.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the service's output:\n%s", s.output)
		}
	})
	select {
	case <-s.output.ready:
	case <-s.done:
		t.Fatalf("the service ended before it was ready:\n%s", s.output)
	case <-time.After(timeout):
		t.Fatalf("the service was not ready in time:\n%s", s.output)
	}
	for _, line := range regexp.MustCompile(`(?m)^  (page and API|S3) +(http://\S+)`).FindAllStringSubmatch(s.output.String(), -1) {
		if line[1] == "S3" {
			s.s3URL = line[2]
		} else {
			s.url = line[2]
		}
	}
	if s.url == "" || s.s3URL == "" {
		t.Fatalf("the service printed no two addresses:\n%s", s.output)
	}
	return s
}

// kill ends the process as kill -9 does, and waits for it.
func (s *service) kill() {
	_ = s.command.Process.Kill()
	<-s.done
}

func (s *service) s3() *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &s.s3URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("gen3dlocal", "gen3dlocalsecret", ""),
	})
}

// copyIn copies a photo in as a tester's aws s3 cp does.
func (s *service) copyIn(key string, body []byte, metadata map[string]string) {
	s.t.Helper()
	_, err := s.s3().PutObject(s.t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(dataBucket), Key: &key, Body: strings.NewReader(string(body)), Metadata: metadata,
	})
	if err != nil {
		s.t.Fatalf("copying in %s: %v", key, err)
	}
}

// keys lists the data bucket under prefix.
func (s *service) keys(prefix string) []string {
	s.t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.s3(), &s3.ListObjectsV2Input{Bucket: aws.String(dataBucket), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		if err != nil {
			s.t.Fatalf("listing %s: %v", prefix, err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	return keys
}

// markers returns the number of unfinished jobs.
func (s *service) markers() (n int) {
	s.t.Helper()
	for _, key := range s.keys(job.PendingPrefix) {
		if _, err := job.ParsePendingKey(key); err == nil {
			n++
		}
	}
	return n
}

// object returns the content of an object.
func (s *service) object(key string) []byte {
	s.t.Helper()
	out, err := s.s3().GetObject(s.t.Context(), &s3.GetObjectInput{Bucket: aws.String(dataBucket), Key: &key})
	if err != nil {
		s.t.Fatalf("getting %s: %v", key, err)
	}
	defer func() { _ = out.Body.Close() }()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		s.t.Fatalf("getting %s: %v", key, err)
	}
	return data
}

// mail is a mail as in /mailbox.json.
type mail struct {
	To      []string `json:"to"`
	From    string   `json:"from"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
}

func (s *service) mails() []mail {
	s.t.Helper()
	var mails []mail
	s.get("/mailbox.json", &mails)
	return mails
}

// mailTo waits for the mail to an address that contains the photo's name or the
// job's ID.
func (s *service) mailTo(address, what string) mail {
	s.t.Helper()
	var found mail
	s.eventually("a mail to "+address+" about "+what, func() bool {
		for _, m := range s.mails() {
			if slices.Equal(m.To, []string{address}) && strings.Contains(m.Text, what) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func (s *service) get(path string, into any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
}

// eventually waits until a condition holds.
func (s *service) eventually(what string, yes func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(timeout); ; {
		if yes() {
			return
		}
		select {
		case <-s.done:
			s.t.Fatalf("the service ended while waiting for %s", what)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s did not come", what)
		}
	}
}

// token returns the output of gen3d token.
func (s *service) token(user string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), timeout)
	defer cancel()
	output, err := exec.CommandContext(ctx, gen3d, "token", "--user", user, "--url", s.url).Output()
	if err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			err = fmt.Errorf("%w: %s", err, ended.Stderr)
		}
		s.t.Fatalf("gen3d token: %v", err)
	}
	return strings.TrimSpace(string(output))
}

func photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../testdata/photos", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lines collects a process's output and detects the line "ready".
type lines struct {
	io.Writer
	ready chan struct{}
	text  chan string
}

func newLines() *lines {
	reader, writer := io.Pipe()
	l := &lines{Writer: writer, ready: make(chan struct{}), text: make(chan string, 1)}
	l.text <- ""
	go func() {
		scanner := bufio.NewScanner(reader)
		scanner.Buffer(nil, 1<<20)
		for isReady := false; scanner.Scan(); {
			l.text <- <-l.text + scanner.Text() + "\n"
			if scanner.Text() == "ready" && !isReady {
				isReady = true
				close(l.ready)
			}
		}
	}()
	return l
}

func (l *lines) String() string {
	text := <-l.text
	l.text <- text
	return text
}
