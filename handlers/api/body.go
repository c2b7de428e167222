package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// maxBody bounds a request's body in bytes: sixteen labeled objects take 3 KB.
const maxBody = 64 << 10

// decode reads a request's JSON body strictly: no other type, no unknown field,
// nothing after it. The error is a problem.
func decode(event events.APIGatewayV2HTTPRequest, into any) error {
	media, _, err := mime.ParseMediaType(event.Headers["content-type"])
	if err != nil || media != "application/json" {
		return newProblem(http.StatusUnsupportedMediaType, codeMediaType, "Send the request as JSON, with the header Content-Type: application/json.")
	}
	tooLarge := newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, "The request is larger than %d KB.", maxBody>>10)
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		if len(body) > base64.StdEncoding.EncodedLen(maxBody) {
			return tooLarge
		}
		if body, err = base64.StdEncoding.DecodeString(event.Body); err != nil {
			return newProblem(http.StatusBadRequest, codeMalformed, "The request's body cannot be read.")
		}
	}
	if len(body) > maxBody {
		return tooLarge
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return newProblem(http.StatusBadRequest, codeMalformed, "The request must be one JSON object; something follows it.")
	}
	return nil
}

// malformed tells which field the decoder stumbled over, where it says so.
func malformed(err error) *problem {
	p := newProblem(http.StatusBadRequest, codeMalformed, "The request is not the JSON that is wanted here; see /api/openapi.yaml.")
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		p.Errors = []fieldError{{wrongType.Field, "This field has a value of the wrong type (" + wrongType.Value + ")."}}
	} else if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		p.Errors = []fieldError{{strings.Trim(name, `"`), "There is no such field; remove it."}}
	}
	return p
}
