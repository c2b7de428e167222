package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/local/objectstore"
	"gen3d/tests/support/runtimeapi"
	"gen3d/tests/support/transcript"
)

// A program that calls methods by name at run time, as text/template does,
// contains every operation of each of its AWS clients, and is twice as large.
func TestProgramContainsOnlyTheOperationsItCalls(t *testing.T) {
	for name, unused := range map[string]string{
		"notify":  "cognitoidentityprovider.(*Client).AdminCreateUser",
		"extract": "s3.(*Client).CreateBucket",
		"api":     "s3.(*Client).CreateBucket",
		"sweep":   "s3.(*Client).CreateBucket",
	} {
		program, err := os.ReadFile(filepath.Join(programs, name)) // #nosec G304 -- built by this test
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(program, []byte(unused)) {
			t.Errorf("the program of %s holds %s; go build -ldflags=-dumpdep marks what keeps it as <ReflectMethod>", name, unused)
		}
		if used := strings.Replace(unused, "AdminCreateUser", "AdminGetUser", 1); used != unused && !bytes.Contains(program, []byte(used)) {
			t.Errorf("the program of %s does not hold %s, so this test finds nothing", name, used)
		}
	}
}

func TestInvalidEnvironmentEndsTheFunctionAtStart(t *testing.T) {
	region := "AWS_REGION=" + objectstore.Region
	for _, c := range []struct {
		name, function string
		env            []string
		want           []string
	}{
		{"nothing set", "extract", []string{region}, []string{"DATA_BUCKET", "SAGEMAKER_ENDPOINT_NAME"}},
		{"nothing set", "notify", []string{region}, []string{"DATA_BUCKET", "WEBSITE_URL", "EMAIL_SENDER", "EMAIL_ADMIN", "USER_POOL_ID"}},
		{"nothing set", "api", []string{region}, []string{"DATA_BUCKET", "SAGEMAKER_ENDPOINT_NAME"}},
		{"nothing set", "sweep", []string{region}, []string{"DATA_BUCKET"}},
		{
			"bad values", "extract", []string{region, "DATA_BUCKET=b", "REQUEST_TTL_SECONDS=5", "INVOCATION_TIMEOUT_SECONDS=0", "LIMITS={"},
			[]string{"SAGEMAKER_ENDPOINT_NAME", "REQUEST_TTL_SECONDS", "INVOCATION_TIMEOUT_SECONDS", "LIMITS"},
		},
		{
			"bad values", "notify", []string{region, "DATA_BUCKET=b", "WEBSITE_URL=example.com", "EMAIL_SENDER=nobody", "USER_POOL_ID=p", "LEASE_SECONDS=0"},
			[]string{"WEBSITE_URL", "EMAIL_SENDER", "EMAIL_ADMIN", "LEASE_SECONDS"},
		},
		{"bad values", "api", []string{region, "UPLOAD_SECONDS=0", "DOWNLOAD_SECONDS=999999"}, []string{"DATA_BUCKET", "UPLOAD_SECONDS", "DOWNLOAD_SECONDS"}},
		{"bad values", "sweep", []string{region, "DATA_BUCKET=b", "SWEEP_STALL_SECONDS=0", "SWEEP_MAX_JOBS=-1"}, []string{"SWEEP_STALL_SECONDS", "SWEEP_MAX_JOBS"}},
		{
			"no numbers", "extract", []string{region, "REQUEST_TTL_SECONDS=soon", "INVOCATION_TIMEOUT_SECONDS=x", "LIMITS={}"},
			[]string{"RequestTTLSeconds", "InvocationTimeoutSeconds", "DATA_BUCKET", "SAGEMAKER_ENDPOINT_NAME"},
		},
		{"no region", "extract", environment["extract"], []string{"AWS_REGION"}},
		{"no region", "notify", environment["notify"], []string{"AWS_REGION"}},
		{"no region", "api", environment["api"], []string{"AWS_REGION"}},
		{"no region", "sweep", environment["sweep"], []string{"AWS_REGION"}},
		{"path style", "api", append([]string{region, "GEN3D_S3_PATH_STYLE=perhaps"}, environment["api"]...), []string{"GEN3D_S3_PATH_STYLE"}},
	} {
		t.Run(c.function+" "+c.name, func(t *testing.T) {
			logs := new(transcript.Log)
			host, err := runtimeapi.Start(t.Context(), filepath.Join(programs, c.function), c.env, logs)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(host.Close)
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			if err := host.Ready(ctx); err == nil || !strings.Contains(err.Error(), "exit status 1") {
				t.Fatalf("the function's start ended with %v; want exit status 1, which Lambda shows", err)
			}
			lines := strings.Split(strings.TrimSuffix(logs.String(), "\n"), "\n")
			var line struct{ Level, Msg, Error string }
			if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || len(lines) != 1 {
				t.Fatalf("the function wrote %q; want one line of JSON (%v)", lines, err)
			}
			if line.Level != "ERROR" || line.Msg == "" {
				t.Errorf("the line is %+v; want an error", line)
			}
			for _, name := range c.want {
				if !strings.Contains(line.Error, name) {
					t.Errorf("the message does not tell of %s: %s", name, line.Error)
				}
			}
		})
	}
}
