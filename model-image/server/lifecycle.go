package server

import (
	"fmt"
	"sync"
)

// State is the server's state as /ping reports it.
type State string

// The states. A failed set-up is not retried: SageMaker replaces the container.
const (
	StateStarting    State = "STARTING"
	StateReady       State = "READY"
	StateSetupFailed State = "SETUP_FAILED"
	StateDraining    State = "DRAINING"
)

// lifecycle is the current state and the reason for it.
type lifecycle struct {
	mu     sync.Mutex
	state  State
	reason string
}

// move changes the state. It does nothing if the server is draining, or if the
// set-up has failed and the new state is not draining.
func (l *lifecycle) move(to State, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == StateDraining || l.state == StateSetupFailed && to != StateDraining {
		return
	}
	l.state, l.reason = to, reason
}

func (l *lifecycle) get() (State, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.reason
}

// missing returns the message for a configured backend that this build lacks.
func missing(backend string) string {
	return fmt.Sprintf("this build has no %s backend; use the image that contains it or set GEN3D_BACKEND to a backend of this build", backend)
}
