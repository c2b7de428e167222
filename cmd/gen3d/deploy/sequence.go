package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gen3d/infra/settings"
)

// Status is the state of a step.
type Status string

// The states of a step.
const (
	ToDo     Status = "to do"
	Done     Status = "done"
	NeedNot  Status = "not needed"
	Unknown  Status = "unknown"     // the state cannot be read
	Failed   Status = "failed"      // in this run
	NotBegun Status = "not reached" // in this run
)

// state is what a step finds before it does anything.
type state struct {
	status Status
	why    string
}

// step is a step of the deployment.
type step struct {
	name     string
	commands []string // as one would type them
	look     func(context.Context) (state, error)
	do       func(context.Context) error
	hint     string // what to do if it fails; empty where the error says so
}

// Result is the result of a step.
type Result struct {
	Step     string   `json:"step"`
	Commands []string `json:"commands"`
	Status   Status   `json:"status"`
	Why      string   `json:"why,omitempty"`
	Ran      bool     `json:"ran"`
	Seconds  float64  `json:"seconds"` // 0 for a step that did not run
}

// deployment is one run.
type deployment struct {
	Options
	program   Program
	config    settings.Config
	region    string    // of the settings; empty if none is set
	text      io.Writer // for people
	account   string    // of the credentials, with the region
	outputs   outputs   // of the stack, when they were read last
	confirmed bool
	results   []Result
}

func (d *deployment) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.text, format+"\n", args...) // a broken pipe ends the process
}

// run runs the steps, or with DryRun only looks at each.
func (d *deployment) run(ctx context.Context, steps []step) error {
	for _, s := range steps {
		d.results = append(d.results, Result{Step: s.name, Commands: s.commands, Status: NotBegun})
	}
	var err error
	for i := range steps {
		if err = d.step(ctx, i, steps[i]); err != nil {
			break
		}
	}
	switch {
	case err != nil:
	case d.DryRun:
		err = d.printPlan()
	default:
		d.say("Stack %s is deployed.", d.Stack)
	}
	if d.JSON {
		err = errors.Join(err, d.printJSON())
	}
	return err
}

// step looks at a step and does what there is to do. The first one, the check,
// only reads, and is done in a dry run as well.
func (d *deployment) step(ctx context.Context, i int, s step) error {
	result, label := &d.results[i], fmt.Sprintf("[%d/%d] %s", i+1, len(d.results), s.name)
	if ctx.Err() != nil {
		return d.interrupted("before", i)
	}
	found, err := s.look(ctx)
	result.Status, result.Why = found.status, found.why
	switch {
	case ctx.Err() != nil:
		result.Status = NotBegun
		return d.interrupted("before", i)
	case err != nil:
		result.Status, result.Why = Unknown, oneLine(err)
		if d.DryRun {
			return nil
		}
		return d.failed(i, "cannot tell whether there is something to do", err, "")
	case d.DryRun && i > 0:
		return nil
	case found.status != ToDo:
		d.say("%s: %s: %s", label, found.status, found.why)
		return nil
	}
	if i > 0 && !d.confirmed {
		if err := d.confirm(ctx); err != nil {
			return err
		}
		d.confirmed = true
	}
	d.say("%s: %s (%s)", label, strings.Join(s.commands, " && "), found.why)
	began := time.Now()
	err = s.do(ctx)
	took := time.Since(began)
	result.Ran, result.Seconds = true, took.Round(time.Millisecond).Seconds()
	switch {
	case err != nil && ctx.Err() != nil:
		result.Status = Failed
		return d.interrupted("in", i)
	case err != nil:
		result.Status, result.Why = Failed, oneLine(err)
		return d.failed(i, "failed after "+elapsed(took), err, s.hint)
	}
	result.Status, result.Why = Done, ""
	d.say("%s: done in %s", label, elapsed(took))
	return nil
}

// failed returns the error of a step, with what to do.
func (d *deployment) failed(i int, what string, err error, hint string) error {
	text := fmt.Sprintf("step %d of %d, %s, %s: %v", i+1, len(d.results), d.results[i].Step, what, err)
	if hint != "" {
		text += "\n" + hint
	}
	if i > 0 || !d.DryRun {
		text += "\nTo go on from there: " + d.resume()
	}
	return errors.New(text)
}

// interrupted returns the error for a signal before or in a step.
func (d *deployment) interrupted(when string, i int) error {
	return fmt.Errorf("interrupted %s step %d of %d, %s\nTo go on from there: %s", when, i+1, len(d.results), d.results[i].Step, d.resume())
}

func elapsed(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

// oneLine returns the first line of an error.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
