package server

import (
	"fmt"
	"sync"
)

// State of the server, as /ping tells it.
type State string

// The states. A set-up that failed stays so: SageMaker replaces the container.
const (
	StateStarting    State = "STARTING"
	StateReady       State = "READY"
	StateSetupFailed State = "SETUP_FAILED"
	StateDraining    State = "DRAINING"
)

// lifecycle is the state with the reason for it.
type lifecycle struct {
	mu     sync.Mutex
	state  State
	reason string
}

// move goes to a state; nothing leads out of draining, and only draining out of
// a failed set-up.
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

// missing is what a server says whose build lacks the backend it is to use.
func missing(backend string) string {
	return fmt.Sprintf("this build has no %s backend; use the image that contains it or set GEN3D_BACKEND to a backend of this build", backend)
}
