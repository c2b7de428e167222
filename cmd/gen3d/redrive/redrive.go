// Package redrive has the commands for dead letters: events that failed every
// retry.
//
// A stack has one queue of them, which gets three kinds. None of them comes from
// another queue, and SQS moves only such messages back (StartMessageMoveTask):
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
// So each event is sent to its function again by an asynchronous invocation,
// which has the same retries and the same queue behind it, and then the message
// is deleted. The functions handle a repeated event.
package redrive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
)

// Commands are the commands of `gen3d redrive`.
type Commands struct {
	List listCommand `cmd:"" help:"List the events that failed every retry: which function, what about, how old, and why."`
	Send sendCommand `cmd:"" help:"Send such events to their function again: gen3d redrive send --stack dev --all."`
}

// Letter is a dead letter.
type Letter struct {
	ID       string    `json:"id"`
	Function string    `json:"function"`
	About    string    `json:"about"` // what the event is about
	FailedAt time.Time `json:"failedAt"`
	Attempts int       `json:"attempts,omitempty"`
	Reason   string    `json:"reason"`
	// Unsendable is why the letter cannot be sent again, or empty.
	Unsendable string `json:"unsendable,omitempty"`

	event   []byte // for the function
	receipt string
}

// deadLetterQueue holds the dead letters of one environment.
type deadLetterQueue interface {
	// Letters lists all dead letters, oldest first. No other consumer
	// receives them until Release.
	Letters(context.Context) ([]Letter, error)
	Send(context.Context, Letter) error
	// Release gives back the letters that were not sent.
	Release(context.Context) error
}

func open(t *target.Target) deadLetterQueue {
	if t.Local() {
		return &localQueue{url: t.URL}
	}
	return newQueue(t)
}

type listCommand struct {
	target.Flags
	JSON bool `name:"json" help:"Print a JSON array."`
}

// Run lists the dead letters.
func (c *listCommand) Run(ctx context.Context, s console.Streams) (err error) {
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	d := open(t)
	letters, err := d.Letters(ctx)
	if released := d.Release(context.WithoutCancel(ctx)); err == nil {
		err = released
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return s.JSON(letters)
	}
	if len(letters) == 0 {
		s.Say("There are no dead letters.")
		return nil
	}
	var rows [][]string
	for _, l := range letters {
		reason := l.Reason
		if l.Unsendable != "" {
			reason += " (" + l.Unsendable + ")"
		}
		rows = append(rows, []string{l.ID, l.Function, l.About, age(l.FailedAt), fmt.Sprint(l.Attempts), reason})
	}
	if err := s.Table([]string{"ID", "FUNCTION", "EVENT", "AGE", "ATTEMPTS", "REASON"}, rows); err != nil {
		return err
	}
	s.Say("Correct the cause, then: gen3d redrive send %s --all, or the IDs. After 14 days they are deleted.", t.Option())
	return nil
}

func age(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return time.Since(at).Round(time.Second).String()
}

type sendCommand struct {
	target.Flags
	IDs      []string `arg:"" optional:"" name:"id" help:"Dead letters to send, as gen3d redrive list prints them."`
	All      bool     `help:"Send all of them."`
	Function string   `help:"Of all, only those of this function."`
	JSON     bool     `name:"json" help:"Print a JSON array of those that were sent."`
}

// Run sends dead letters again.
func (c *sendCommand) Run(ctx context.Context, s console.Streams) (err error) {
	if c.All == (len(c.IDs) > 0) {
		return errors.New("say which: give IDs, or --all")
	}
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	d := open(t)
	defer func() {
		if released := d.Release(context.WithoutCancel(ctx)); err == nil {
			err = released
		}
	}()
	letters, err := d.Letters(ctx)
	if err != nil {
		return err
	}
	if err := c.check(letters); err != nil {
		return err
	}
	sent, err := c.send(ctx, s, d, letters)
	if c.JSON { // also of a command that failed: these were sent
		return errors.Join(s.JSON(sent), err)
	}
	s.Say("%s sent.", console.Count(len(sent), "dead letter"))
	return err
}

// send sends the chosen letters, and returns those that were sent, also with an
// error.
func (c *sendCommand) send(ctx context.Context, s console.Streams, d deadLetterQueue, letters []Letter) ([]Letter, error) {
	sent, kept := []Letter{}, 0
	for _, l := range letters {
		switch {
		case !c.chosen(l):
		case l.Unsendable != "":
			kept++
			s.Say("Not sent: %s: %s", l.ID, l.Unsendable)
		default:
			if err := d.Send(ctx, l); err != nil {
				return sent, err
			}
			sent = append(sent, l)
			if !c.JSON {
				fmt.Fprintf(s.Out, "%s: sent to %s (%s)\n", l.ID, l.Function, console.Plain(l.About))
			}
		}
	}
	if kept > 0 {
		return sent, fmt.Errorf("%s cannot be sent", console.Count(kept, "dead letter"))
	}
	return sent, nil
}

// check returns an error for an ID that is not there.
func (c *sendCommand) check(letters []Letter) error {
	for _, id := range c.IDs {
		if !slices.ContainsFunc(letters, func(l Letter) bool { return l.ID == id }) {
			return fmt.Errorf("there is no dead letter %s; it may have been sent already", id)
		}
	}
	return nil
}

func (c *sendCommand) chosen(l Letter) bool {
	return (c.All || slices.Contains(c.IDs, l.ID)) && strings.Contains(strings.ToLower(l.Function), strings.ToLower(c.Function))
}
