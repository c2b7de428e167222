package service_test

import (
	"context"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/cmd/gen3d/signin"
	"gen3d/cmd/gen3d/smoke"
	"gen3d/tests/support/standin"
)

// account is what gen3d smoke calls in AWS besides the service itself, which is
// the one on this machine: a user pool, CloudWatch, and the versions of S3. It
// refuses what AWS documents to refuse, and every other operation.
type account struct {
	*service
	*standin.AWS
	users   *standin.UserPool
	states  map[string]string // of alarms by name
	factor  bool              // whether the pool requires a second factor
	erased  int               // versions
	outputs map[string]string
	gone    map[string]bool                             // delete markers that are left
	trip    func(*http.Request) (*http.Response, error) // nil: none of its own
}

func newAccount(s *service) *account {
	a := &account{
		service: s, AWS: standin.New(s.t), outputs: standin.Outputs(), gone: map[string]bool{},
		states: map[string]string{"Gen3DDeadLetters-dev": "OK", "Gen3DApiSlow-dev": "INSUFFICIENT_DATA"},
	}
	a.outputs["websiteUrl"], a.outputs["dataBucket"], a.outputs["userPoolClientId"] = s.url, dataBucket, "gen3d-local-page"
	a.On("GraniteServiceVersion20100801.DescribeAlarms", standin.Strict(a.alarms))
	a.users = a.UserPool()
	a.users.Sub = func(n int) string { return []string{"testuser002", "testuser003"}[n%2] } // they exist on this machine
	a.users.SignIn = func(u standin.Account) (token, challenge string) {
		if a.factor {
			return "", "MFA_SETUP"
		}
		token, err := signin.Local(context.Background(), a.url, u.Sub)
		if err != nil {
			a.t.Error(err)
		}
		return token, ""
	}
	return a
}

// smokes runs gen3d smoke --stack dev.
func (a *account) smokes(t *testing.T, change func(*smoke.Options)) smoke.Report {
	t.Helper()
	a.Stack(a.outputs, nil)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": a.s3URL, "AWS_ACCESS_KEY_ID": "gen3dlocal", "AWS_SECRET_ACCESS_KEY": "gen3dlocalsecret", "GEN3D_S3_PATH_STYLE": "true",
	} {
		t.Setenv(name, value)
	}
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
		if marker := query.Get("prefix") + "gone"; strings.HasPrefix(marker, "users/") && !a.gone[marker] {
			listed.DeleteMarker = append(listed.DeleteMarker, version{marker, "v2"})
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
			a.gone[o.Key] = a.gone[o.Key] || o.VersionId == "v2"
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

// alarms answers DescribeAlarms, one alarm a page, and with one of another stack,
// whose topic has a longer name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func (a *account) alarms(in struct{ ActionPrefix, NextToken string }) (any, *standin.Fault) {
	topic := a.outputs["alarmTopicArn"]
	if in.ActionPrefix != topic {
		return nil, &standin.Fault{Status: http.StatusBadRequest, Code: "ValidationError", Message: in.ActionPrefix}
	}
	names := append(slices.Collect(maps.Keys(a.states)), "Gen3DDeadLetters-dev2")
	slices.Sort(names)
	at, _ := strconv.Atoi(in.NextToken)
	alarm := map[string]any{"AlarmName": names[at], "StateValue": "ALARM", "AlarmActions": []any{topic + "2"}}
	if state, own := a.states[names[at]]; own {
		alarm["StateValue"], alarm["AlarmActions"] = state, []any{topic}
		alarm["StateReason"] = "Threshold Crossed: 1 datapoint was greater than the threshold."
	}
	page := map[string]any{"MetricAlarms": []any{alarm}}
	if at+1 < len(names) {
		page["NextToken"] = strconv.Itoa(at + 1)
	}
	return page, nil
}
