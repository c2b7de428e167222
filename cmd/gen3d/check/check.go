// Package check looks, before a deployment, for what AWS, Docker, Pulumi or
// Hugging Face would refuse, and says what to do about it. It changes nothing.
//
// [Run] makes a [Finding] for each item of [checks]. Each item is a function in
// a file of its subject.
package check

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Status is the result of a check.
type Status string

// The results of a check.
const (
	OK   Status = "ok"   // nothing to do
	Fix  Status = "fix"  // the deployment or the service fails without it
	Note Status = "note" // to know, or to do later
	Skip Status = "skip" // could not be looked at
)

// Finding is the result of one check.
type Finding struct {
	Check   string `json:"check"`
	Status  Status `json:"status"`
	Message string `json:"message"`
	Command string `json:"command,omitempty"` // what to run, for fix and note
}

// String returns the finding as a line.
func (f Finding) String() string {
	line := fmt.Sprintf("%-4s %s: %s", f.Status, f.Check, f.Message)
	if f.Command != "" {
		line += ": " + f.Command
	}
	return line
}

// needs are what a check needs from earlier ones.
type needs int

const (
	nothing  needs = iota
	settled        // valid settings
	signedIn       // valid settings and an AWS account
)

// checks are the checks in the order of their lines. The settings and the
// credentials come before all of them.
var checks = []struct {
	name  string
	needs needs
	look  func(context.Context, *world) Finding
}{
	{"pulumi command", nothing, pulumiCommand},
	{"pulumi login", nothing, pulumiLogin},
	{"pulumi plugins", nothing, pulumiPlugins},
	{"Lambda concurrency", signedIn, lambdaConcurrency},
	{"GPU type", signedIn, gpuType},
	{"GPU quota", signedIn, gpuQuota},
	{"notebook quota", signedIn, notebookQuota},
	{"SES account", signedIn, mailAccount},
	{"SES sender", signedIn, mailSender},
	{"SES recipients", signedIn, mailRecipients},
	{"Docker", settled, dockerRunning},
	{"Docker manifests", settled, dockerManifests},
	{"Docker disk", settled, dockerDisk},
	{"weights", signedIn, weightsComplete},
	{"Hugging Face token", settled, tokenSet},
	{"Hugging Face access", settled, repositoryAccess},
	{"sign-in domain", signedIn, signInDomain},
	{"CloudFront", signedIn, cloudFront},
	{"endpoint", signedIn, endpointState},
}

// limit is the time for one check. A call to AWS has a shorter one.
const limit = time.Minute

// Run makes all checks of the stack called name, concurrently, and returns
// their findings in a fixed order. folder has the stack's settings; empty means
// the current one.
func Run(ctx context.Context, folder, name string) []Finding {
	w, settings := openWorld(folder, name)
	credentials := w.signIn(ctx)
	findings := make([]Finding, len(checks))
	var group sync.WaitGroup
	for i, c := range checks {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			findings[i] = w.missing(c.needs)
			if findings[i].Status == "" {
				findings[i] = c.look(ctx, w)
			}
			findings[i].Check = c.name
		})
	}
	group.Wait()
	return append([]Finding{settings, credentials}, findings...)
}

// missing returns a skip if what a check needs is not there.
func (w *world) missing(n needs) Finding {
	switch {
	case n >= settled && !w.valid:
		return skip("the stack's settings cannot be used")
	case n >= signedIn && w.env.Account == "":
		return skip("there are no usable AWS credentials")
	}
	return Finding{}
}

// Failed reports whether a finding is something to fix.
func Failed(findings []Finding) bool {
	for _, f := range findings {
		if f.Status == Fix {
			return true
		}
	}
	return false
}

// Print writes a line for each finding.
func Print(w io.Writer, findings []Finding) error {
	var lines strings.Builder
	for _, f := range findings {
		fmt.Fprintln(&lines, f)
	}
	if _, err := io.WriteString(w, lines.String()); err != nil {
		return fmt.Errorf("printing the findings: %w", err)
	}
	return nil
}

func ok(format string, args ...any) Finding {
	return Finding{Status: OK, Message: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) Finding {
	return Finding{Status: Skip, Message: fmt.Sprintf(format, args...)}
}

func fix(command, format string, args ...any) Finding {
	return Finding{Status: Fix, Message: fmt.Sprintf(format, args...), Command: command}
}

func note(command, format string, args ...any) Finding {
	return Finding{Status: Note, Message: fmt.Sprintf(format, args...), Command: command}
}

// forModel turns what only the model needs into a note while model.enabled is
// false: the first deployment does not need it yet.
func (w *world) forModel(f Finding) Finding {
	if f.Status == Fix && !w.config.Model.Enabled {
		f.Status = Note
		f.Message += " (needed once gen3d:model.enabled is true)"
	}
	return f
}
