// Package smoke proves that a deployed stack, or the service on one machine,
// works. [Run] runs the workflow by the interfaces that are documented for
// users and operators: the page's configuration, sign-in, the API, S3 and the
// mails. It runs as two fictitious users and removes what it made, also after a
// failure or an interruption.
//
// The steps are the table [checks]. Each is a function in a file of its subject.
// What differs between a stack and the one-machine mode is a [place].
package smoke

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Options say what [Run] tests and how.
type Options struct {
	// Stack is the Pulumi stack, and Folder the one with Pulumi.yaml, empty
	// for the current one. If Stack is empty, the service on this machine is
	// tested.
	Stack, Folder string
	// URL is the address of the service on this machine.
	URL string
	// Timeout is how long a job may take.
	Timeout time.Duration
	// Inbox is the S3 URI under which SES stores the mails to InboxAddress,
	// which is then the address of user A. If both are empty, the mails of a
	// stack go to SES's mailbox simulator.
	Inbox, InboxAddress string
	// Trace gets a line for each HTTP request; nil means none.
	Trace io.Writer
	// Progress is called after each step; nil means never.
	Progress func(Step)
	// Transport sends the HTTP requests; nil means the default one.
	Transport http.RoundTripper
	// Now is the clock of Timeout; nil means the system's.
	Now func() time.Time
}

// Status is the result of a step.
type Status string

// The results of a step.
const (
	OK      Status = "ok"
	Failed  Status = "failed"
	Skipped Status = "skipped" // a step that it needs failed, or it does not apply
)

// Step is the result of one step.
type Step struct {
	Name    string  `json:"step"`
	Status  Status  `json:"status"`
	Seconds float64 `json:"seconds"`
	// Message says what was found; for a failed step, what was expected, what
	// was seen and what to do.
	Message string `json:"message"`
}

// Report is the result of all steps.
type Report struct {
	Target  string  `json:"target"`
	Passed  int     `json:"passed"`
	Failed  int     `json:"failed"`
	Skipped int     `json:"skipped"`
	Seconds float64 `json:"seconds"`
	Steps   []Step  `json:"steps"`
}

// check is a step of the table.
type check struct {
	name string
	// needs are earlier steps without which this one is skipped.
	needs []string
	// run returns what was found. A *mismatch fails the step with advice, a
	// *notApplicable skips it.
	run func(context.Context, *run) (string, error)
	// always reports whether the step also runs after an interruption.
	always bool
}

// Names of the steps that others need.
const (
	service  = "service"
	settings = "page configuration"
	people   = "users"
	signedIn = "sign-in"
	submit   = "submit a job"
	upload   = "upload the photo"
	mesh     = "wait for the mesh"
	download = "download"
	remove   = "delete the jobs"
)

// checks are the steps in their order.
var checks = []check{
	{name: service, run: findService},
	{name: settings, needs: []string{service}, run: readPageConfiguration},
	{name: people, needs: []string{service}, run: makeUsers},
	{name: signedIn, needs: []string{settings, people}, run: signIn},
	{name: "no token", needs: []string{settings}, run: refuseNoToken},
	{name: submit, needs: []string{signedIn}, run: submitJob},
	{name: upload, needs: []string{submit}, run: uploadPhoto},
	{name: "cross-origin", needs: []string{upload}, run: allowPage},
	{name: mesh, needs: []string{upload}, run: waitForMesh},
	{name: "several objects", needs: []string{mesh}, run: severalObjects},
	{name: "copy to S3", needs: []string{mesh}, run: copyPhoto},
	{name: "bad photo", needs: []string{upload}, run: refuseBadPhoto},
	{name: "another user", needs: []string{upload}, run: refuseAnotherUser},
	{name: download, needs: []string{mesh}, run: downloadFiles},
	{name: "GLB files", needs: []string{download}, run: checkGLBs},
	{name: "PLY files", needs: []string{download}, run: checkPLYs},
	{name: "SPZ files", needs: []string{download}, run: checkSPZs},
	{name: "mail", needs: []string{mesh}, run: receiveMails},
	{name: "alarms", needs: []string{service}, run: quietAlarms},
	{name: remove, needs: []string{submit}, run: deleteJobs},
	{name: "nothing left", needs: []string{remove}, run: nothingLeft},
	{name: "clean up", needs: []string{service}, run: cleanUp, always: true},
}

// cleanUpTime is the time for the last step after an interruption.
const cleanUpTime = 2 * time.Minute

// Run runs the steps one after the other. After an interruption of ctx the
// remaining ones are skipped, except for the one that removes what was made.
func Run(ctx context.Context, options Options) Report {
	r := newRun(options)
	report := Report{Steps: []Step{}}
	began := time.Now()
	passed := map[string]bool{}
	for _, c := range checks {
		step := r.step(ctx, c, passed)
		passed[c.name] = step.Status == OK
		report.add(step)
		if options.Progress != nil {
			options.Progress(step)
		}
	}
	report.Seconds = seconds(time.Since(began))
	report.Target = r.name
	return report
}

func (report *Report) add(step Step) {
	report.Steps = append(report.Steps, step)
	switch step.Status {
	case OK:
		report.Passed++
	case Failed:
		report.Failed++
	case Skipped:
		report.Skipped++
	}
}

// step runs a step unless one that it needs has not passed.
func (r *run) step(ctx context.Context, c check, passed map[string]bool) Step {
	step := Step{Name: c.name, Status: Skipped}
	for _, need := range c.needs {
		if !passed[need] {
			step.Message = "it needs the step " + need
			return step
		}
	}
	if c.always {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
		defer cancel()
	}
	if ctx.Err() != nil {
		step.Message = "interrupted"
		return step
	}
	began := time.Now()
	found, err := c.run(ctx, r)
	step.Seconds = seconds(time.Since(began))
	var skip *notApplicable
	switch {
	case errors.As(err, &skip):
		step.Message = skip.reason
	case ctx.Err() != nil && err != nil:
		step.Status, step.Message = Failed, "interrupted"
	case err != nil:
		step.Status, step.Message = Failed, err.Error()
	default:
		step.Status, step.Message = OK, found
	}
	step.Message = r.secrets.hide(step.Message)
	return step
}

// seconds rounds to milliseconds.
func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
