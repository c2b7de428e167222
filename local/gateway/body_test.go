package gateway_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/handlers/api/route"
	"gen3d/local/gateway"
)

// unread is a body that fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}

// The body of a request that is refused, or that anyone may make, is not read.
func TestOnlyBodiesOfAuthorizedRequestsAreRead(t *testing.T) {
	api := &gateway.HTTPAPI{
		Function: function(func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":200}`), nil }),
		Verifier: verifier{}, Routes: route.Gateway, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	for _, test := range []struct {
		method, path  string
		authorization string
		length        int64
		status        int
	}{
		{http.MethodPost, "/api/jobs", "", 10 << 20, http.StatusUnauthorized},
		{http.MethodPost, "/api/jobs", "Bearer bad", -1, http.StatusUnauthorized},
		{http.MethodPost, "/api/jobs", "Bearer good", 10<<20 + 1, http.StatusRequestEntityTooLarge},
		{http.MethodGet, "/api/openapi.yaml", "", 1 << 20, http.StatusOK},
		{http.MethodPost, "/api/openapi.yaml", "", -1, http.StatusOK},
	} {
		request := httptest.NewRequest(test.method, test.path, unread{t})
		request.ContentLength = test.length
		request.Header.Set("Authorization", test.authorization)
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, request)
		if answer.Code != test.status {
			t.Errorf("%s %s with %q and %d bytes: answer %d", test.method, test.path, test.authorization, test.length, answer.Code)
		}
	}
}

// Beyond maxLarge, concurrent large bodies are refused; small ones and,
// afterwards, large ones are accepted.
func TestConcurrentLargeBodiesAreLimited(t *testing.T) {
	const callers = 12
	url := serve(t, func(ctx context.Context, payload []byte) ([]byte, error) {
		return echo(t, new(events.APIGatewayV2HTTPRequest))(ctx, payload)
	})
	answered := make(chan int, callers)
	begin := func() *io.PipeWriter {
		body, sender := io.Pipe()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/jobs", body)
		if err != nil {
			t.Fatal(err)
		}
		request.ContentLength = 1 << 20
		request.Header.Set("Authorization", "Bearer good")
		go func() {
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				answered <- 0
				return
			}
			_ = response.Body.Close()
			answered <- response.StatusCode
		}()
		return sender
	}
	var senders []*io.PipeWriter
	for range callers {
		senders = append(senders, begin())
	}
	for range callers - 4 {
		if status := <-answered; status != http.StatusServiceUnavailable {
			t.Errorf("a large body too many: answer %d", status)
		}
	}
	if response, _ := call(t, http.MethodPost, url+"/api/jobs", "good", "application/json", "{}"); response.StatusCode != http.StatusCreated {
		t.Errorf("a small body meanwhile: answer %d", response.StatusCode)
	}
	text := strings.Repeat("x", 1<<20)
	for _, sender := range senders {
		go func() { _, _ = io.WriteString(sender, text) }() // a refused one is closed
	}
	for range 4 {
		if status := <-answered; status != http.StatusCreated {
			t.Errorf("a large body that was accepted: answer %d", status)
		}
	}
	if response, _ := call(t, http.MethodPost, url+"/api/jobs", "good", "application/json", text); response.StatusCode != http.StatusCreated {
		t.Errorf("a large body afterwards: answer %d", response.StatusCode)
	}
}
