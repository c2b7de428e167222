package redrive

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"gen3d/cmd/gen3d/redact"
	"gen3d/local/functions"
)

// Status is what the service of this machine says of its operations.
type Status struct {
	Endpoint    struct{ Waiting, Processing int }
	DeadLetters []functions.DeadLetter
}

// calls are those to the service of this machine. A redirect is its answer to a
// form.
var calls = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// answerLimit is the maximum size of an answer, in bytes.
const answerLimit = 64 << 20

// LocalStatus asks the service of this machine at url.
func LocalStatus(ctx context.Context, url string) (*Status, error) {
	body, code, err := call(ctx, http.MethodGet, url+"/operations.json")
	if err != nil {
		return nil, fmt.Errorf("asking the service at %s (is `gen3d local` running?): %w", url, err)
	}
	status := new(Status)
	if code != http.StatusOK || json.Unmarshal(body, status) != nil {
		return nil, fmt.Errorf("asking the service at %s: it answers %d; is something else running there?", url, code)
	}
	return status, nil
}

func call(ctx context.Context, method, url string) (body []byte, code int, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, 0, err
	}
	answer, err := calls.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	return body, answer.StatusCode, err
}

// localQueue are the dead letters of the service of this machine.
type localQueue struct{ url string }

// Letters implements [deadLetterQueue].
func (q *localQueue) Letters(ctx context.Context) ([]Letter, error) {
	status, err := LocalStatus(ctx, q.url)
	if err != nil {
		return nil, err
	}
	letters := []Letter{}
	for _, dead := range status.DeadLetters {
		letters = append(letters, Letter{
			ID: fmt.Sprint(dead.ID), Function: dead.Function, About: about(dead.Payload), FailedAt: dead.FailedAt,
			Attempts: dead.Attempts, Reason: redact.Line(dead.Error, reasonLimit),
		})
	}
	return letters, nil
}

// Send implements [deadLetterQueue].
func (q *localQueue) Send(ctx context.Context, l Letter) error {
	body, code, err := call(ctx, http.MethodPost, q.url+"/operations/dead-letters/"+l.ID+"/redrive")
	if err != nil {
		return fmt.Errorf("sending %s: %w", l.ID, err)
	}
	if code != http.StatusSeeOther {
		return fmt.Errorf("sending %s: the service answers %d: %s", l.ID, code, redact.Line(string(body), reasonLimit))
	}
	return nil
}

// Release implements [deadLetterQueue]. Local dead letters are not reserved by a reader.
func (q *localQueue) Release(context.Context) error { return nil }
