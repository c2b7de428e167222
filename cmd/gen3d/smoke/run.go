package smoke

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"gen3d/cmd/gen3d/target"
	"gen3d/webapp"
)

// callTimeout is the time for one HTTP request.
const callTimeout = time.Minute

// run is the state of one run.
type run struct {
	options Options
	name    string // of the target, for the report
	label   string // the common prefix of the names of what is made
	now     func() time.Time
	secrets *secrets
	client  *http.Client
	place   place

	page   string // URL of the page, without a trailing slash
	config webapp.Config
	a, b   *user

	// target is open once the service is found, on this machine once there is
	// a job.
	target *target.Target

	first  created // the job of the first steps
	jobs   []*made // all jobs, in the order of their creation
	late   bool    // one of them was being made, or its mails sent, when it was deleted
	copied []string
	files  []file

	// isReadable reports whether S3 lets the page read the photo. If not, no file
	// has to say so again.
	isReadable bool
}

// made is a job of this run.
type made struct {
	id   string
	name string // of the photo
	done bool   // all of its objects have succeeded
}

// place is where the service runs.
type place interface {
	// open finds the service and sets the run's page and name.
	open(context.Context, *run) (string, error)
	// matches reports whether the page's configuration is of this place.
	matches(webapp.Config) bool
	// store opens the target, if open has not, once there is a job.
	store(*run) error
	// users makes users A and B, or chooses them.
	users(context.Context, *run) (string, error)
	// token signs a user in and returns an access token.
	token(context.Context, *run, *user) (string, error)
	// model returns the reason why the service has no model, or an empty
	// text.
	model() string
	// mails checks that the mail about each job has been sent to user A.
	mails(context.Context, *run) (string, error)
	// alarms checks that no alarm is active.
	alarms(context.Context, *run) (string, error)
	// erase removes what is left of the run, and reports what it found.
	erase(context.Context, *run) (string, error)
	// look returns the advice of where the errors of a function are.
	look(function string) string
	// pause is the time between two looks at a job.
	pause() time.Duration
}

func newRun(options Options) *run {
	r := &run{options: options, now: options.Now, secrets: &secrets{}}
	if r.now == nil {
		r.now = time.Now
	}
	transport := options.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	if options.Trace != nil {
		transport = &trace{next: transport, to: options.Trace, secrets: r.secrets}
	}
	r.client = &http.Client{Transport: transport, Timeout: callTimeout}
	r.label = newLabel(time.Now(), options.Timeout)
	if options.Stack == "" {
		r.place = &machine{url: strings.TrimSuffix(options.URL, "/")}
	} else {
		r.place = &stack{}
	}
	return r
}

// labelPrefix begins the names of users and photos of every run, by which a
// later run recognizes what a killed one has left.
const labelPrefix = "gen3d-smoke-"

const (
	labelTime = "20060102t150405z"
	// waits is the number of jobs that a run waits for, one after the other.
	waits = 4
	// margin is the time for all else.
	margin = 15 * time.Minute
)

// newLabel returns the prefix of a run's names. It has the time when the run
// ends at the latest, in UTC.
func newLabel(now time.Time, timeout time.Duration) string {
	ends := now.Add(waits*timeout + margin).UTC()
	return labelPrefix + ends.Format(labelTime) + "-" + strings.ToLower(rand.Text()[:6])
}

// leftOver reports whether a name is of a run that has ended by now.
func leftOver(name string, now time.Time) bool {
	rest, ours := strings.CutPrefix(name, labelPrefix)
	if !ours || len(rest) < len(labelTime) {
		return false
	}
	ends, err := time.Parse(labelTime, rest[:len(labelTime)])
	return err == nil && now.After(ends)
}

// wait waits between two looks. It returns false if ctx has ended.
func (r *run) wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(r.place.pause()):
		return true
	}
}
