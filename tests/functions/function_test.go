package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"gen3d/local/objectstore"
	"gen3d/tests/support/program"
	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/transcript"
)

// environment holds the variables that a stack sets for each function, without
// those of Lambda and those that lead to the stand-ins.
var environment = map[string][]string{
	"extract": {"DATA_BUCKET=" + s3test.Bucket, "SAGEMAKER_ENDPOINT_NAME=" + endpointName, "STACK=test"},
	"notify": {
		"DATA_BUCKET=" + s3test.Bucket, "WEBSITE_URL=" + website, "EMAIL_SENDER=" + sender, "EMAIL_ADMIN=" + admin,
		"USER_POOL_ID=" + userPoolID, "SES_CONFIGURATION_SET=" + configurationSet, "STACK=test",
	},
	"api": {"DATA_BUCKET=" + s3test.Bucket, "SAGEMAKER_ENDPOINT_NAME=" + endpointName, "STACK=test"},
	// Jobs are overdue after three seconds.
	"sweep": {
		"DATA_BUCKET=" + s3test.Bucket, "REQUEST_TTL_SECONDS=1", "INVOCATION_TIMEOUT_SECONDS=1", "SWEEP_MARGIN_SECONDS=1",
		"SWEEP_STALL_SECONDS=1", "STACK=test",
	},
}

// credentials are those of a function's role, with a session token.
var credentials = []string{
	"AWS_REGION=" + objectstore.Region, "AWS_DEFAULT_REGION=" + objectstore.Region,
	"AWS_ACCESS_KEY_ID=" + objectstore.AccessKey, "AWS_SECRET_ACCESS_KEY=" + objectstore.SecretKey,
}

// function is one running instance.
type function struct {
	*runtimeapi.Host
	w    *world
	name string
	logs *transcript.Log
}

// start starts an instance with further settings. All its logs until the end of
// the test are checked.
func (w *world) start(name string, settings ...string) *function {
	w.Helper()
	f := &function{w: w, name: name, logs: new(transcript.Log)}
	services := w.guarded(name, w.aws)
	env := append(append([]string{
		"AWS_ENDPOINT_URL_S3=" + w.guarded(name, w.s3), "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME=" + services, "AWS_ENDPOINT_URL_SAGEMAKER=" + services,
		"AWS_ENDPOINT_URL_SESV2=" + services, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + services,
		"GEN3D_S3_PATH_STYLE=true",
	}, credentials...), environment[name]...)
	env = append(env, settings...) // the last value of a variable takes effect
	var err error
	if err := program.Look("gen3d/handlers/" + name + "/cmd"); err != nil {
		w.Fatal(err)
	}
	if f.Host, err = runtimeapi.Start(context.WithoutCancel(w.Context()), filepath.Join(programs, name), env, f.logs); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		f.Close()
		f.checkLogs()
		if w.Failed() {
			w.Logf("%s wrote:\n%s", name, f.logs)
		}
	})
	if err := f.Ready(w.Context()); err != nil {
		w.Fatalf("starting %s: %v", name, err)
	}
	return f
}

// answer sends the function an event that must succeed, and returns its
// response.
func (f *function) answer(event any) []byte {
	f.w.Helper()
	response, err := f.Invoke(f.w.Context(), event, timeout)
	if err != nil {
		f.w.Fatalf("%s: %v", f.name, err)
	}
	return response
}

// handle sends an event function an event that must succeed.
func (f *function) handle(event any) {
	f.w.Helper()
	if response := f.answer(event); string(response) != "null" {
		f.w.Errorf("%s answered %s; an event has no answer", f.name, response)
	}
}

// refuse sends the function an event that must fail, so that Lambda retries it.
func (f *function) refuse(requestID string, event any) *runtimeapi.FunctionError {
	f.w.Helper()
	_, err := f.InvokeAs(f.w.Context(), requestID, event, timeout)
	var failure *runtimeapi.FunctionError
	if !errors.As(err, &failure) {
		f.w.Fatalf("%s ended with %v; want an error for Lambda to try again", f.name, err)
	}
	return failure
}

// secrets match what must not be logged: mail addresses, presigned URLs and
// forms, tokens and keys.
var secrets = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[a-z]|(?i:x-amz-(signature|credential|security-token|algorithm))|Policy=|eyJ[A-Za-z0-9_-]{8}|` +
	regexp.QuoteMeta(objectstore.SecretKey) + `|` + regexp.QuoteMeta(token))

// runtimesOwn matches the line that aws-lambda-go logs, with log.Printf, about
// an error that it has reported to Lambda. The function has logged the error
// before.
var runtimesOwn = regexp.MustCompile(`(^|[":]|\d\d:\d\d:\d\d )\\?\{\\?"errorMessage\\?":`)

// checkLogs checks that every line is JSON that CloudWatch can parse, either a
// metric or a log line with its request ID.
func (f *function) checkLogs() {
	f.w.Helper()
	for line := range strings.Lines(f.logs.String()) {
		if found := secrets.FindString(line); found != "" {
			f.w.Errorf("%s logged %q in:\n%s", f.name, found, line)
		}
		if runtimesOwn.MatchString(line) {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			f.w.Errorf("%s logged a line that is not JSON: %s", f.name, line)
			continue
		}
		if _, metric := fields["_aws"]; metric {
			continue
		}
		if id, _ := fields["requestId"].(string); len(id) != len("00000000-0000-4000-8000-000000000000") {
			f.w.Errorf("%s logged a line without a requestId: %s", f.name, line)
		}
		for _, name := range []string{"time", "level", "msg"} {
			if fields[name] == nil {
				f.w.Errorf("%s logged a line without %s: %s", f.name, name, line)
			}
		}
	}
}
