package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxBody limits a request's body in bytes. Sixteen labeled objects take 3 KB.
const maxBody = 64 << 10

// decode parses a request's body, which must be a single JSON object. The error
// is a problem.
func decode(event events.APIGatewayV2HTTPRequest) (map[string]any, error) {
	media, _, err := mime.ParseMediaType(event.Headers["content-type"])
	if err != nil || media != "application/json" {
		return nil, newProblem(http.StatusUnsupportedMediaType, codeMediaType, "Send the request as JSON, with the header Content-Type: application/json.")
	}
	tooLarge := newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, "The request is larger than %d KB.", maxBody>>10)
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		if len(body) > base64.StdEncoding.EncodedLen(maxBody) {
			return nil, tooLarge
		}
		if body, err = base64.StdEncoding.DecodeString(event.Body); err != nil {
			return nil, newProblem(http.StatusBadRequest, codeMalformed, "The request's body cannot be read.")
		}
	}
	if len(body) > maxBody {
		return nil, tooLarge
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || !utf8.Valid(body) {
		return nil, malformed()
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, newProblem(http.StatusBadRequest, codeMalformed, "The request must be one JSON object; something follows it.")
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, newProblem(http.StatusBadRequest, codeMalformed, "The request must be a JSON object, not %s.", kindOf(value))
	}
	return fields, nil
}

// malformed returns the problem of a body that does not match openapi.yaml,
// with the fields of a wrong type.
func malformed(wrong ...fieldError) *problem {
	p := newProblem(http.StatusBadRequest, codeMalformed, "The request is not the JSON that is wanted here; see /api/openapi.yaml.")
	p.Errors = wrong
	return p
}
