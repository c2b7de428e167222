package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/local/functions"
)

// TestConcurrentCallersGetTheirOwnAnswers has 400 callers invoke one function
// concurrently; the answers have the same length, so that a swapped one would
// be valid JSON. GEN3D_INVOCATIONS sets the number of invocations; it is
// 20,000 by default.
func TestConcurrentCallersGetTheirOwnAnswers(t *testing.T) {
	const callers = 400
	invocations := 20_000
	if text := os.Getenv("GEN3D_INVOCATIONS"); text != "" {
		var err error
		if invocations, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	type message struct{ Caller, Call, Text string }
	// The default timeout is too short for 400 callers on a loaded machine.
	r := start(t, functions.Function{Name: "api", Timeout: 10 * time.Minute, Handler: functions.Lambda(func(_ context.Context, in message) (message, error) {
		in.Text = strings.Repeat(in.Caller, 20)
		return in, nil
	})})
	var (
		foreign, failed atomic.Int64
		running         sync.WaitGroup
	)
	for caller := range callers {
		running.Go(func() {
			for call := range invocations / callers {
				sent := message{Caller: fmt.Sprintf("%03d", caller), Call: fmt.Sprintf("%09d", call)}
				payload, err := json.Marshal(sent)
				if err != nil {
					failed.Add(1)
					continue
				}
				answer, err := r.Invoke(t.Context(), "api", payload)
				if err != nil {
					if failed.Add(1) == 1 {
						t.Errorf("the first failed invocation: %v", err)
					}
					continue
				}
				sent.Text = strings.Repeat(sent.Caller, 20)
				want, err := json.Marshal(sent)
				if err != nil {
					failed.Add(1)
				} else if string(answer) != string(want) {
					foreign.Add(1)
				}
			}
		})
	}
	running.Wait()
	if foreign.Load() > 0 || failed.Load() > 0 {
		t.Errorf("of %d answers %d were not the caller's own, and %d invocations failed", invocations, foreign.Load(), failed.Load())
	}
}
