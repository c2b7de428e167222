package instances

import "fmt"

// When is the setting autoscaling.wake: at which events the functions ask for
// the first instance.
type When string

// The values of the setting.
const (
	OnSubmit When = "submit" // a job is submitted or its objects are queued
	OnPhoto  When = "photo"  // those, and a user has chosen a photo on the page
	OnAlarm  When = "alarm"  // none: only the alarm on the backlog starts an instance
)

// Validate returns an error for another value.
func (w When) Validate() error {
	switch w {
	case OnSubmit, OnPhoto, OnAlarm:
		return nil
	}
	return fmt.Errorf("%q is none of %s, %s and %s", string(w), OnSubmit, OnPhoto, OnAlarm)
}

// Submit reports whether a submitted job asks for the first instance.
func (w When) Submit() bool { return w == OnSubmit || w == OnPhoto }

// Photo reports whether a chosen photo asks for the first instance.
func (w When) Photo() bool { return w == OnPhoto }
