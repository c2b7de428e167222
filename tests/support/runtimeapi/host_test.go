package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/transcript"
)

// role is the variable that makes this test's binary a function.
const role = "ROLE_OF_TEST_BINARY"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "broken":
		os.Stdout.WriteString("it cannot start\n")
		os.Exit(3)
	}
	lambda.Start(func(ctx context.Context, order string) (map[string]string, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		switch order {
		case "fail":
			return nil, errors.New("told to fail")
		case "panic":
			panic("told to panic")
		case "exit":
			os.Exit(4)
		case "hang":
			select {}
		}
		deadline, _ := ctx.Deadline()
		return map[string]string{
			"order": order, "requestId": lc.AwsRequestID, "function": os.Getenv("AWS_LAMBDA_FUNCTION_NAME"),
			"home": os.Getenv("HOME"), "mine": os.Getenv("MINE"), "foreign": os.Getenv("FOREIGN"),
			"hasTime": time.Until(deadline).Round(time.Hour).String(),
		}, nil
	})
}

// timeout is long enough for a machine under load.
const timeout = time.Minute

func start(t *testing.T, kind string) (*runtimeapi.Host, *transcript.Log) {
	t.Helper()
	out := new(transcript.Log)
	host, err := runtimeapi.Start(t.Context(), os.Args[0], []string{role + "=" + kind, "MINE=given"}, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return host, out
}

func TestFunctionGetsEventEnvironmentAndContext(t *testing.T) {
	t.Setenv("FOREIGN", "of the machine")
	host, _ := start(t, "function")
	if err := host.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if host.ColdStart() <= 0 {
		t.Error("a function that is ready has no cold start")
	}
	for _, id := range []string{runtimeapi.NewRequestID(), runtimeapi.NewRequestID()} {
		answer, err := host.InvokeAs(t.Context(), id, "echo", 5*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"order": "echo", "requestId": id, "function": "under-test", "home": "/nonexistent",
			"mine": "given", "foreign": "", "hasTime": "5h0m0s",
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %q; want %q", name, got[name], value)
			}
		}
	}
}

func TestFunctionErrorIsReturned(t *testing.T) {
	host, _ := start(t, "function")
	_, err := host.Invoke(t.Context(), "fail", timeout)
	var failure *runtimeapi.FunctionError
	if !errors.As(err, &failure) || failure.Message != "told to fail" || failure.Type != "errorString" {
		t.Errorf("the error is %v; want the function's own", err)
	}
	if _, err := host.Invoke(t.Context(), "echo", timeout); err != nil {
		t.Errorf("the function does not work after an error: %v", err)
	}
}

func TestPanicIsAFunctionErrorThatEndsTheProcess(t *testing.T) {
	host, _ := start(t, "function")
	_, err := host.Invoke(t.Context(), "panic", timeout)
	var failure *runtimeapi.FunctionError
	if !errors.As(err, &failure) || failure.Message != "told to panic" {
		t.Errorf("the error is %v; want the panic", err)
	}
	if _, err := host.Invoke(t.Context(), "echo", timeout); err == nil || !strings.Contains(err.Error(), "the function's process ended") {
		t.Errorf("the process continues after a panic (%v)", err)
	}
}

func TestExitIsAnError(t *testing.T) {
	for _, kind := range []string{"broken", "function"} {
		host, out := start(t, kind)
		err := host.Ready(t.Context())
		if kind == "function" {
			if err != nil {
				t.Fatal(err)
			}
			_, err = host.Invoke(t.Context(), "exit", timeout)
		} else if !strings.Contains(out.String(), "it cannot start") {
			t.Errorf("the output is %q", out)
		}
		if err == nil || !strings.Contains(err.Error(), "exit status") {
			t.Errorf("%s: the error is %v; want the exit status", kind, err)
		}
	}
}

func TestFunctionPastItsTimeoutIsKilled(t *testing.T) {
	host, _ := start(t, "function")
	if err := host.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := host.Invoke(t.Context(), "hang", 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "past its timeout") {
		t.Errorf("the error is %v; want the timeout", err)
	}
	if _, err := host.Invoke(t.Context(), "echo", timeout); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("the process continued after its timeout (%v)", err)
	}
}

func TestKillEndsAnInvocation(t *testing.T) {
	host, _ := start(t, "function")
	if err := host.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := host.Invoke(t.Context(), "hang", time.Hour)
		ended <- err
	}()
	host.Kill()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the error is %v; want the kill", err)
	}
}

func TestMissingProgramIsAnError(t *testing.T) {
	if _, err := runtimeapi.Start(t.Context(), "/nonexistent/bootstrap", nil, new(transcript.Log)); err == nil {
		t.Error("a missing program started")
	}
}
