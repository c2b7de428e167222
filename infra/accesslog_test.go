package infra

import (
	"encoding/json"
	"regexp"
	"testing"
)

// logValues are the values of access log variables for a successful request.
// Variables without a value are logged as -.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
var logValues = map[string]string{
	"$context.requestId":          "EXAMPLEkPBMGKA=",
	"$context.requestTime":        "25/Nov/2026:16:49:25 +0000",
	"$context.routeKey":           "GET /api/jobs/{jobId}",
	"$context.status":             "200",
	"$context.responseLength":     "1204",
	"$context.responseLatency":    "31",
	"$context.integrationLatency": "28",
	"$context.integrationStatus":  "200",
}

// refusalValues are the values for a request that the authorizer refused.
// messageString is the quoted value of message.
var refusalValues = map[string]string{
	"$context.requestId":           "EXAMPLEkPBMGKA=",
	"$context.requestTime":         "25/Nov/2026:16:49:25 +0000",
	"$context.routeKey":            "GET /api/jobs",
	"$context.status":              "401",
	"$context.responseLength":      "26",
	"$context.responseLatency":     "2",
	"$context.authorizer.error":    "the token has expired",
	"$context.error.message":       "Unauthorized",
	"$context.error.messageString": `"Unauthorized"`,
}

var logVariable = regexp.MustCompile(`\$context(\.[A-Za-z]+)+`)

func TestAccessLogIsJSONForAnswersAndErrors(t *testing.T) {
	format := ""
	for _, r := range mustDeploy(t, "dev", nil) {
		if r.TypeToken == "aws:apigatewayv2/stage:Stage" {
			format = r.Inputs["accessLogSettings"].ObjectValue()["format"].StringValue()
		}
	}
	for name, test := range map[string]struct {
		values map[string]string
		error  string
	}{
		"an answer": {logValues, "-"},
		"a refusal": {refusalValues, "Unauthorized"},
		"nothing":   {nil, "-"},
	} {
		line := logVariable.ReplaceAllStringFunc(format, func(variable string) string {
			if value, ok := test.values[variable]; ok {
				return value
			}
			return "-"
		})
		var entry map[string]string
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["error"] != test.error {
			t.Errorf("%s is logged as %s (%v)", name, line, err)
		}
	}
}
