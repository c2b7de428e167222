package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"gen3d/handlers/api/route"
	"gen3d/local/authorizer"
)

// Verifier verifies the value of an Authorization header as the HTTP API's JWT
// authorizer does and returns the token's claims in API Gateway's format. For a
// token that is not accepted, the error is a [*authorizer.Refusal].
type Verifier interface {
	Verify(ctx context.Context, authorization string) (claims map[string]string, err error)
}

// Function is the API's Lambda function, invoked synchronously.
type Function interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// HTTPAPI stands in for the HTTP API of Amazon API Gateway: it matches the
// route, verifies the token, converts the request to an event of payload format
// 2.0, invokes the function and converts its response.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type HTTPAPI struct {
	Function Function
	Verifier Verifier
	// Routes are those of the API. A request without a route gets the gateway's
	// 404, whatever its token.
	Routes []route.Route
	Now    func() time.Time
	Log    *slog.Logger

	large largeBodies
}

func (a *HTTPAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := route.Find(a.Routes, r.Method, r.URL.EscapedPath())
	if !ok {
		writeMessage(w, http.StatusNotFound, "Not Found")
		return
	}
	event := a.event(r, found)
	if !found.Public {
		claims, err := a.Verifier.Verify(r.Context(), r.Header.Get("Authorization"))
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims},
		}
		// The body is read only after authorization. No public route uses one.
		body, release, err := a.large.read(w, r)
		if err != nil {
			refuseBody(w, err)
			return
		}
		defer release()
		event.Body = string(body)
		if len(body) > 0 && (!isText(r.Header.Get("Content-Type")) || !utf8.Valid(body)) {
			event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		}
	}
	// The function runs to its end, as in Lambda, also if the client has
	// disconnected.
	ctx := context.WithoutCancel(r.Context())
	if err := a.invoke(ctx, w, event); err != nil {
		a.Log.ErrorContext(ctx, "the API function failed", "error", err.Error())
		writeMessage(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

func (a *HTTPAPI) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *authorizer.Refusal
	if errors.As(err, &refusal) {
		a.Log.InfoContext(r.Context(), "refusing a request without a valid token", "reason", refusal.Reason)
		refusal.ServeHTTP(w, r)
		return
	}
	a.Log.ErrorContext(r.Context(), "the token could not be checked", "error", err.Error())
	writeMessage(w, http.StatusInternalServerError, "Internal Server Error")
}

// event returns the event of a request, without the body.
func (a *HTTPAPI) event(r *http.Request, found route.Route) events.APIGatewayV2HTTPRequest {
	now := a.Now()
	sourceIP, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		sourceIP = r.RemoteAddr
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: found.Key(), RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{"host": r.Host},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: found.Key(), AccountID: "000000000000", Stage: "$default", APIID: "local",
			RequestID: rand.Text(), DomainName: r.Host,
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: sourceIP, UserAgent: r.UserAgent(),
			},
		},
	}
	if id, _ := found.Match(r.URL.EscapedPath()); id != "" {
		if plain, err := url.PathUnescape(id); err == nil {
			id = plain
		}
		event.PathParameters = map[string]string{"jobId": id}
	}
	for name, values := range r.Header {
		event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	for name, values := range r.URL.Query() {
		if event.QueryStringParameters == nil {
			event.QueryStringParameters = map[string]string{}
		}
		event.QueryStringParameters[name] = strings.Join(values, ",")
	}
	return event
}

// isText reports whether API Gateway forwards a body of this type without
// base64 encoding.
func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(media, "text/")
}

func (a *HTTPAPI) invoke(ctx context.Context, w http.ResponseWriter, event events.APIGatewayV2HTTPRequest) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("writing the event: %w", err)
	}
	answer, err := a.Function.Invoke(ctx, payload)
	if err != nil {
		return err
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return fmt.Errorf("reading the function's response: %w", err)
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(response.Body); err != nil {
			return fmt.Errorf("reading the function's response: %w", err)
		}
	}
	if response.StatusCode < 100 || response.StatusCode > 599 {
		return fmt.Errorf("the function's response has status %d", response.StatusCode)
	}
	for name, value := range response.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(response.StatusCode)
	if _, err := w.Write(body); err != nil {
		a.Log.InfoContext(ctx, "the client has disconnected", "error", err.Error())
	}
	return nil
}

// writeMessage responds in API Gateway's error format.
func writeMessage(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}
