package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/handlers/api/route"
	"gen3d/local/authorizer"
	"gen3d/local/gateway"
)

type function func(ctx context.Context, payload []byte) ([]byte, error)

func (f function) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

type verifier struct{}

func (verifier) Verify(_ context.Context, authorization string) (map[string]string, error) {
	switch authorization {
	case "Bearer good":
	case "Bearer unknown issuer":
		return nil, errors.New("the issuer at secret detail does not answer")
	default:
		return nil, &authorizer.Refusal{Status: http.StatusUnauthorized, Challenge: "Bearer", Reason: "not the good token"}
	}
	return map[string]string{"sub": "testuser001"}, nil
}

func serve(t *testing.T, f function) string {
	t.Helper()
	server := httptest.NewServer(&gateway.HTTPAPI{
		Function: f, Verifier: verifier{}, Routes: route.Gateway,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(server.Close)
	return server.URL
}

func echo(t *testing.T, got *events.APIGatewayV2HTTPRequest) function {
	return func(_ context.Context, payload []byte) ([]byte, error) {
		if err := json.Unmarshal(payload, got); err != nil {
			t.Errorf("the event: %v", err)
		}
		return json.Marshal(events.APIGatewayV2HTTPResponse{
			StatusCode: 201, Headers: map[string]string{"content-type": "application/json"},
			Body: "eyJvayI6dHJ1ZX0=", IsBase64Encoded: true,
		})
	}
}

func call(t *testing.T, method, url, bearer, contentType, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}

func TestEventHasRequestAndClaims(t *testing.T) {
	var event events.APIGatewayV2HTTPRequest
	url := serve(t, echo(t, &event))
	response, body := call(t, http.MethodPost, url+"/api/jobs/a%2Fb?limit=3&limit=4", "good", "application/json", `{"a":1}`)
	if response.StatusCode != http.StatusCreated || body != `{"ok":true}` || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answer %d %q %v", response.StatusCode, body, response.Header)
	}
	if event.RawPath != "/api/jobs/a%2Fb" || event.RequestContext.HTTP.Path != "/api/jobs/a/b" ||
		event.QueryStringParameters["limit"] != "3,4" || event.Body != `{"a":1}` || event.IsBase64Encoded {
		t.Errorf("event %+v", event)
	}
	if sub := event.RequestContext.Authorizer.JWT.Claims["sub"]; sub != "testuser001" {
		t.Errorf("the event's user is %q", sub)
	}
}

func TestBinaryBodyIsBase64(t *testing.T) {
	var event events.APIGatewayV2HTTPRequest
	url := serve(t, echo(t, &event))
	call(t, http.MethodPost, url+"/api/jobs", "good", "application/octet-stream", "\xff\x00")
	if event.Body != "/wA=" || !event.IsBase64Encoded {
		t.Errorf("body %q, base64 %v", event.Body, event.IsBase64Encoded)
	}
}

func TestInvalidTokenIsUnauthorized(t *testing.T) {
	url := serve(t, func(context.Context, []byte) ([]byte, error) {
		t.Error("the function was invoked")
		return nil, nil
	})
	for _, bearer := range []string{"", "bad"} {
		response, body := call(t, http.MethodGet, url+"/api/jobs", bearer, "", "")
		if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") != "Bearer" || !strings.Contains(body, "Unauthorized") {
			t.Errorf("token %q: %d %s", bearer, response.StatusCode, body)
		}
	}
}

// API Gateway matches the route first: without one there is no authorizer.
func TestUnknownRouteIsNotFoundWithAnyToken(t *testing.T) {
	url := serve(t, func(context.Context, []byte) ([]byte, error) {
		t.Error("the function was invoked")
		return nil, nil
	})
	for _, bearer := range []string{"", "bad", "good"} {
		for _, path := range []string{"/", "/api/", "/api/jobs/", "/api/jobs/a/b", "/api/openapi.json"} {
			response, body := call(t, http.MethodGet, url+path, bearer, "", "")
			if response.StatusCode != http.StatusNotFound || response.Header.Get("Content-Type") != "application/json" || strings.TrimSpace(body) != `{"message":"Not Found"}` {
				t.Errorf("%s with token %q: %d %s", path, bearer, response.StatusCode, body)
			}
		}
	}
}

func TestEventHasRouteKeyAndJobID(t *testing.T) {
	var event events.APIGatewayV2HTTPRequest
	url := serve(t, echo(t, &event))
	for _, test := range []struct{ method, path, key, job string }{
		{http.MethodGet, "/api/jobs", "GET /api/jobs", ""},
		{http.MethodPatch, "/api/jobs", "ANY /api/jobs", ""},
		{http.MethodDelete, "/api/jobs/a%2Fb", "DELETE /api/jobs/{jobId}", "a/b"},
	} {
		event = events.APIGatewayV2HTTPRequest{}
		call(t, test.method, url+test.path, "good", "", "")
		if event.RouteKey != test.key || event.RequestContext.RouteKey != test.key || event.PathParameters["jobId"] != test.job {
			t.Errorf("%s %s: the event's route is %q, its parameters %v", test.method, test.path, event.RouteKey, event.PathParameters)
		}
	}
}

func TestPublicRouteNeedsNoToken(t *testing.T) {
	var event events.APIGatewayV2HTTPRequest
	url := serve(t, echo(t, &event))
	response, _ := call(t, http.MethodGet, url+"/api/openapi.yaml", "", "", "")
	if response.StatusCode != http.StatusCreated || event.RequestContext.Authorizer != nil {
		t.Errorf("answer %d, authorizer %v", response.StatusCode, event.RequestContext.Authorizer)
	}
}

func TestFunctionErrorIsA500WithoutDetails(t *testing.T) {
	url := serve(t, func(context.Context, []byte) ([]byte, error) { return nil, errors.New("secret detail") })
	for _, bearer := range []string{"good", "unknown issuer"} {
		response, body := call(t, http.MethodGet, url+"/api/jobs", bearer, "", "")
		if response.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
			t.Errorf("token %q: %d %s", bearer, response.StatusCode, body)
		}
	}
}

// Lambda knows nothing of the gateway's client: a deletion, for example, is not
// left half done.
func TestFunctionRunsToItsEndIfTheClientDisconnects(t *testing.T) {
	client, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	server := httptest.NewUnstartedServer(nil)
	disconnected := make(chan struct{})
	api := &gateway.HTTPAPI{
		Function: function(func(ctx context.Context, _ []byte) ([]byte, error) {
			leave()
			<-disconnected
			ended <- ctx.Err()
			return []byte(`{"statusCode":204}`), nil
		}),
		Verifier: verifier{}, Routes: route.Gateway, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		context.AfterFunc(r.Context(), func() { close(disconnected) })
		api.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(client, http.MethodDelete, server.URL+"/api/jobs/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer good")
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Fatal("the client got an answer")
	}
	if err := <-ended; err != nil {
		t.Errorf("the function's context has ended: %v", err)
	}
}

func TestBodyOverTenMegabytesIsRefused(t *testing.T) {
	url := serve(t, echo(t, new(events.APIGatewayV2HTTPRequest)))
	for name, test := range map[string]struct{ length, sent int64 }{
		"announced": {10<<20 + 1, 0},
		"chunked":   {-1, 10<<20 + 1},
	} {
		// The client sends no more than that: if it were still sending after the
		// answer, the end of the connection could hide the answer from it.
		body, sender := io.Pipe()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/jobs", body)
		if err != nil {
			t.Fatal(err)
		}
		request.ContentLength = test.length
		request.Header.Set("Authorization", "Bearer good")
		go func() { _, _ = sender.Write(make([]byte, test.sent)) }() // fails if the answer comes first
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: answer %d", name, response.StatusCode)
		}
	}
}

func TestPageServesFilesAndIndexWithHeaders(t *testing.T) {
	page, err := gateway.NewPage(fstest.MapFS{
		"index.html":      {Data: []byte("<!doctype html>index")},
		"assets/a-1.js":   {Data: []byte("js")},
		"favicon.svg":     {Data: []byte("<svg/>")},
		"assets/font.txt": {Data: []byte("x")},
	}, map[string]string{"Content-Security-Policy": "default-src 'none'"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page)
	t.Cleanup(server.Close)
	for _, test := range []struct {
		method, path string
		status       int
		body, cache  string
	}{
		{"GET", "/", 200, "<!doctype html>index", "no-cache"},
		{"GET", "/jobs/0abc", 200, "<!doctype html>index", "no-cache"},
		{"GET", "/assets/a-1.js", 200, "js", "public, max-age=31536000, immutable"},
		{"GET", "/favicon.svg", 200, "<svg/>", "no-cache"},
		{"GET", "/assets/gone.js", 404, "404 page not found\n", ""},
		{"GET", "/../../etc/passwd", 200, "<!doctype html>index", "no-cache"},
		{"POST", "/", 405, "The page can only be read.\n", ""},
	} {
		response, body := call(t, test.method, server.URL+test.path, "", "", "")
		if response.StatusCode != test.status || body != test.body || response.Header.Get("Cache-Control") != test.cache {
			t.Errorf("%s %s: %d %q %q", test.method, test.path, response.StatusCode, body, response.Header.Get("Cache-Control"))
		}
		if response.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: no policy", test.method, test.path)
		}
	}
}

func TestPageIsCompressedForBrowsersThatAskForIt(t *testing.T) {
	script := strings.Repeat("export const answer = 42;\n", 200)
	page, err := gateway.NewPage(fstest.MapFS{
		"index.html":        {Data: []byte("<!doctype html>index")},
		"assets/a-1.js":     {Data: []byte(script)},
		"assets/photo.webp": {Data: []byte(script)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page)
	t.Cleanup(server.Close)
	for _, test := range []struct{ path, accept, encoding string }{
		{"/assets/a-1.js", "gzip, deflate, br, zstd", "gzip"},
		{"/assets/a-1.js", "identity", ""},
		{"/assets/photo.webp", "gzip", ""},
		{"/", "gzip", ""}, // too small
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", test.accept)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Encoding"); got != test.encoding {
			t.Errorf("%s for %q has the encoding %q, want %q", test.path, test.accept, got, test.encoding)
		}
		if test.encoding == "" {
			continue
		}
		if vary := response.Header.Get("Vary"); vary != "Accept-Encoding" {
			t.Errorf("%s varies by %q", test.path, vary)
		}
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(plain); err != nil || string(text) != script || len(body) > len(script)/10 {
			t.Errorf("%s: %d bytes become %d, %v", test.path, len(body), len(text), err)
		}
	}
}

func TestMissingPageErrorNamesTheBuildCommand(t *testing.T) {
	_, err := gateway.NewPage(fstest.MapFS{}, nil)
	if err == nil || !strings.Contains(err.Error(), "make webapp/dist/index.html") {
		t.Errorf("error %v", err)
	}
}

func TestOnlyOneHostIsServed(t *testing.T) {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gateway.OneHost(server.Listener.Addr().String(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "served")
		})).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for _, test := range []struct {
		method, host string
		status       int
	}{
		{http.MethodGet, "", http.StatusOK},
		{http.MethodGet, "attacker.example", http.StatusTemporaryRedirect},
		{http.MethodPost, "attacker.example", http.StatusMisdirectedRequest},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+"/jobs/1?a=b", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = test.host
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		location := response.Header.Get("Location")
		if response.StatusCode != test.status || (test.status == http.StatusTemporaryRedirect && location != server.URL+"/jobs/1?a=b") {
			t.Errorf("%s for %q: %d %q", test.method, test.host, response.StatusCode, location)
		}
	}
}
