package service_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/cbor"

	"gen3d/cmd/gen3d/smoke"
)

const (
	pool  = "us-east-1_AbC"
	topic = "arn:aws:sns:us-east-1:123456789012:Gen3DAlarms-dev"
)

// account is what gen3d smoke calls in AWS besides the service itself, which is
// the one on this machine: a user pool, CloudWatch, and the versions of S3. It
// refuses what AWS documents to refuse, and every other operation.
type account struct {
	*service
	mu      sync.Mutex
	users   map[string]*member // by username
	made    int
	states  map[string]string // of alarms by name
	denied  string            // operation that the credentials do not allow
	factor  bool              // whether the pool requires a second factor
	erased  int               // versions
	outputs map[string]string
	trip    func(*http.Request) (*http.Response, error) // nil: none of its own
}

// member is a user of the pool.
type member struct {
	sub, password string
	attributes    map[string]string
	permanent     bool
}

func newAccount(s *service) *account {
	return &account{
		service: s, users: map[string]*member{}, states: map[string]string{"Gen3DDeadLetters-dev": "OK", "Gen3DApiSlow-dev": "INSUFFICIENT_DATA"},
		outputs: map[string]string{
			"region": "us-east-1", "websiteUrl": s.url, "dataBucket": dataBucket, "userPoolId": pool, "userPoolClientId": "gen3d-local-page",
			"alarmTopicArn": topic, "endpointName": "Gen3DSAMAsyncEndpoint-dev", "endpointConfigName": "Gen3DConfig-dev-1",
			"extractFunction": "Gen3DExtractLambda-dev", "notifyFunction": "Gen3DNotifyLambda-dev", "apiFunction": "Gen3DApiLambda-dev",
		},
	}
}

// smokes runs gen3d smoke --stack dev.
func (a *account) smokes(t *testing.T, change func(*smoke.Options)) smoke.Report {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ENDPOINT_URL_S3": a.s3URL, "AWS_ACCESS_KEY_ID": "gen3dlocal", "AWS_SECRET_ACCESS_KEY": "gen3dlocalsecret",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none",
		"AWS_EC2_METADATA_DISABLED": "true", "GEN3D_S3_PATH_STYLE": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
	folder := t.TempDir()
	text, err := json.Marshal(a.outputs)
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n[ \"$*\" = \"stack output --json --non-interactive --stack dev\" ] || exit 9\necho '" + string(text) + "'\n"
	if err := os.WriteFile(filepath.Join(folder, "pulumi"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	report, trace := a.service.smokes(t.Context(), func(o *smoke.Options) {
		o.URL, o.Stack, o.Transport = "", "dev", roundTrip(a.transport)
		if change != nil {
			change(o)
		}
	})
	for _, step := range report.Steps {
		t.Log(step)
		trace += step.Message
	}
	if secret := secretPattern.FindString(trace); secret != "" {
		t.Errorf("the output has %q", secret)
	}
	return report
}

// transport answers the requests for versions: the bucket of this machine does
// not list them.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (a *account) transport(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	switch {
	case "http://"+r.URL.Host == a.s3URL && query.Has("versions"):
		type version struct{ Key, VersionId string }
		var listed struct {
			XMLName      xml.Name `xml:"ListVersionsResult"`
			Version      []version
			DeleteMarker []version
		}
		for _, key := range a.keys(query.Get("prefix")) {
			listed.Version = append(listed.Version, version{key, "v1"})
		}
		if query.Get("prefix") != "pending/testuser003/" {
			listed.DeleteMarker = append(listed.DeleteMarker, version{query.Get("prefix") + "gone", "v2"})
		}
		text, err := xml.Marshal(listed)
		if err != nil {
			return nil, err
		}
		return answer(r, http.StatusOK, "application/xml", string(text))
	case "http://"+r.URL.Host == a.s3URL && query.Has("delete"):
		var asked struct {
			Object []struct{ Key, VersionId string }
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = xml.Unmarshal(body, &asked)
		}
		if err != nil {
			return nil, err
		}
		for _, o := range asked.Object {
			if o.VersionId == "" {
				a.t.Errorf("%s is deleted without its version", o.Key)
			}
			a.erased++
			if _, err := a.s3().DeleteObject(r.Context(), &s3.DeleteObjectInput{Bucket: aws.String(dataBucket), Key: &o.Key}); err != nil && o.VersionId == "v1" {
				a.t.Errorf("deleting %s: %v", o.Key, err)
			}
		}
		return answer(r, http.StatusOK, "application/xml", "<DeleteResult/>")
	case a.trip != nil:
		return a.trip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/service/GraniteServiceVersion20100801/operation/") {
		a.cloudWatch(w, r)
		return
	}
	operation, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	var in map[string]any
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !ours {
		a.t.Errorf("an unexpected request: %s %s %s", r.Method, r.URL.Path, operation)
		refuse(w, "UnknownOperationException", operation)
		return
	}
	switch {
	case operation == a.denied:
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
		refuse(w, "AccessDeniedException", "not authorized to perform: cognito-idp:"+operation)
	case in["UserPoolId"] != pool:
		refuse(w, "ResourceNotFoundException", "User pool does not exist.")
	default:
		a.cognito(w, r, operation, in)
	}
}

func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(body)
}

// cloudWatch answers DescribeAlarms, one alarm a page, and with one of another
// stack, whose topic has a longer name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
func (a *account) cloudWatch(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	body, err := io.ReadAll(r.Body)
	decoded, failed := cbor.Decode(body)
	in, ok := decoded.(cbor.Map)
	if err != nil || failed != nil || !ok || !strings.HasSuffix(r.URL.Path, "/DescribeAlarms") || in["ActionPrefix"] != cbor.String(topic) || a.denied == "DescribeAlarms" {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("AccessDenied"), "message": cbor.String("not authorized")}))
		return
	}
	names := []string{"Gen3DDeadLetters-dev2"}
	for name := range a.states {
		names = append(names, name)
	}
	slices.Sort(names)
	at := 0
	if token, ok := in["NextToken"].(cbor.String); ok {
		_, _ = fmt.Sscan(string(token), &at)
	}
	alarm := cbor.Map{"AlarmName": cbor.String(names[at]), "StateValue": cbor.String("ALARM"), "AlarmActions": cbor.List{cbor.String(topic + "2")}}
	if state, own := a.states[names[at]]; own {
		alarm["StateValue"], alarm["AlarmActions"] = cbor.String(state), cbor.List{cbor.String(topic)}
		alarm["StateReason"] = cbor.String("Threshold Crossed: 1 datapoint was greater than the threshold.")
	}
	page := cbor.Map{"MetricAlarms": cbor.List{alarm}}
	if at+1 < len(names) {
		page["NextToken"] = cbor.String(fmt.Sprint(at + 1))
	}
	_, _ = w.Write(cbor.Encode(page))
}
