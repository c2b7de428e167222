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
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/cbor"

	"gen3d/cmd/gen3d/signin"
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

// filter is a filter of ListUsers; only some attributes can be searched.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
var filter = regexp.MustCompile(`^(username|email|phone_number|name|given_name|family_name|preferred_username|sub) (=|\^=) "([^"]*)"$`)

func (a *account) cognito(w http.ResponseWriter, r *http.Request, operation string, in map[string]any) {
	name, _ := in["Username"].(string)
	user := a.users[name]
	switch operation {
	case "ListUsers":
		text, _ := in["Filter"].(string)
		parts := filter.FindStringSubmatch(text)
		if parts == nil || parts[2] != "^=" {
			refuse(w, "InvalidParameterException", "Error while parsing filter.")
			return
		}
		found := []any{}
		for username, u := range a.users {
			if strings.HasPrefix(u.attributes[parts[1]], parts[3]) {
				found = append(found, map[string]any{"Username": username, "Attributes": u.list()})
			}
		}
		reply(w, map[string]any{"Users": found})
	case "AdminCreateUser":
		a.createUser(w, name, in)
	case "AdminSetUserPassword":
		// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html
		password, _ := in["Password"].(string)
		switch {
		case user == nil:
			refuse(w, "UserNotFoundException", "User does not exist.")
		case len(password) < 12 || strings.ToLower(password) == password || strings.ToUpper(password) == password || !strings.ContainsAny(password, "0123456789") || !strings.ContainsAny(password, "!^$*.[]{}()?-@#%&/,><':;|_~`+="):
			refuse(w, "InvalidPasswordException", "Password did not conform with policy")
		default:
			user.password, user.permanent = password, in["Permanent"] == true
			reply(w, map[string]any{})
		}
	case "AdminInitiateAuth":
		a.initiateAuth(w, r, in)
	case "AdminDeleteUser":
		if user == nil {
			refuse(w, "UserNotFoundException", "User does not exist.")
			return
		}
		delete(a.users, name)
		reply(w, map[string]any{})
	default:
		a.t.Errorf("an unexpected operation: %s", operation)
		refuse(w, "UnknownOperationException", operation)
	}
}

func (m *member) list() (attributes []map[string]string) {
	attributes = append(attributes, map[string]string{"Name": "sub", "Value": m.sub})
	for name, value := range m.attributes {
		attributes = append(attributes, map[string]string{"Name": name, "Value": value})
	}
	return attributes
}

// createUser makes a user of a pool whose users sign in with an address. The
// users' subs are those of users on this machine.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (a *account) createUser(w http.ResponseWriter, name string, in map[string]any) {
	user := &member{sub: []string{"testuser003", "testuser002"}[a.made%2], attributes: map[string]string{}}
	list, _ := in["UserAttributes"].([]any)
	for _, one := range list {
		entry, _ := one.(map[string]any)
		user.attributes[entry["Name"].(string)], _ = entry["Value"].(string)
	}
	email := user.attributes["email"]
	switch {
	case !strings.Contains(name, "@") || name != email:
		refuse(w, "InvalidParameterException", "Username should be an email.")
	case in["MessageAction"] != "SUPPRESS":
		a.t.Error("AdminCreateUser sends a mail")
		refuse(w, "InvalidParameterException", "no mail is expected")
	case user.attributes["email_verified"] != "true":
		refuse(w, "InvalidParameterException", "the address is not verified")
	case slices.ContainsFunc(a.emails(), func(taken string) bool { return taken == email }):
		refuse(w, "UsernameExistsException", "An account with the email already exists.")
	default:
		a.made++
		username := fmt.Sprintf("00000000-0000-4000-8000-%012d", a.made)
		a.users[username] = user
		reply(w, map[string]any{"User": map[string]any{"Username": username, "Attributes": user.list(), "UserStatus": "FORCE_CHANGE_PASSWORD"}})
	}
}

func (a *account) emails() (emails []string) {
	for _, u := range a.users {
		emails = append(emails, u.attributes["email"])
	}
	return emails
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html
func (a *account) initiateAuth(w http.ResponseWriter, r *http.Request, in map[string]any) {
	parameters, _ := in["AuthParameters"].(map[string]any)
	name, _ := parameters["USERNAME"].(string)
	user := a.users[name]
	switch {
	case in["AuthFlow"] != "ADMIN_USER_PASSWORD_AUTH" || in["ClientId"] != a.outputs["userPoolClientId"]:
		refuse(w, "InvalidParameterException", "Auth flow not enabled for this client")
	case user == nil || user.password != parameters["PASSWORD"]:
		refuse(w, "NotAuthorizedException", "Incorrect username or password.")
	case !user.permanent:
		reply(w, map[string]any{"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"})
	case a.factor:
		reply(w, map[string]any{"ChallengeName": "MFA_SETUP", "Session": "s"})
	default:
		token, err := signin.Local(r.Context(), a.url, user.sub)
		if err != nil {
			a.t.Error(err)
		}
		reply(w, map[string]any{"AuthenticationResult": map[string]any{"AccessToken": token, "TokenType": "Bearer", "ExpiresIn": 3600}})
	}
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

func TestSmokeOfAStackPasses(t *testing.T) {
	s := start(t, t.TempDir())
	a := newAccount(s)
	const running = "gen3d-smoke-29990101t000000z-abcdef"
	a.users["left"] = &member{sub: "left-sub", attributes: map[string]string{"name": "gen3d-smoke-20200101t000000z-abcdef"}}
	a.users["running"] = &member{sub: "running-sub", attributes: map[string]string{"name": running}}
	a.users["person"] = &member{sub: "person-sub", attributes: map[string]string{"name": "Ada"}}
	s.copyIn("users/left-sub/output/file", []byte("x"), nil)
	s.copyIn("users/running-sub/output/file", []byte("x"), nil)
	report := a.smokes(t, nil)
	if report.Failed != 0 || report.Skipped != 0 || report.Target != "stack dev" {
		t.Errorf("%s, failed: %v", report, failures(report))
	}
	for _, want := range []string{"2 made, 1 user of an earlier run removed", "2 alarms quiet", "to the mailbox simulator and to the admin accepted by SES", "2 users and "} {
		if !slices.ContainsFunc(report.Steps, func(step smoke.Step) bool { return strings.Contains(step.Message, want) }) {
			t.Errorf("no step says %q", want)
		}
	}
	if len(a.users) != 2 || a.users["running"] == nil || a.users["person"] == nil || a.made != 2 {
		t.Errorf("the pool has the users %v", a.users)
	}
	if left := s.keys("users/"); !slices.Equal(left, []string{"users/running-sub/output/file"}) || len(s.keys("pending/")) > 0 {
		t.Errorf("left: %q, %q", left, s.keys("pending/"))
	}
}

func TestSmokeReadsTheMailsOfAnInbox(t *testing.T) {
	s := start(t, t.TempDir())
	a := newAccount(s)
	a.trip = func(r *http.Request) (*http.Response, error) {
		if "http://"+r.URL.Host == s.s3URL && r.URL.Query().Get("prefix") == "inbox/" {
			s.storeMails("inbox/")
		}
		return http.DefaultTransport.RoundTrip(r)
	}
	report := a.smokes(t, func(o *smoke.Options) {
		o.Inbox, o.InboxAddress = "s3://"+dataBucket+"/inbox/", "testuser003@example.com"
	})
	if failed := failures(report); len(failed) > 0 || len(s.keys("inbox/")) == 0 {
		t.Errorf("failed: %v, inbox %q", failed, s.keys("inbox/"))
	}
	report = newAccount(s).smokes(t, func(o *smoke.Options) { o.Inbox = "mails" })
	if failed := failures(report); len(failed) != 1 || !strings.Contains(failed[0].Message, "needs both --inbox, such as s3://mails/inbox/, and --inbox-address") {
		t.Errorf("failed: %v", failed)
	}
}

// storeMails copies the mails of the mailbox into the bucket, as a receipt rule
// of SES does.
func (s *service) storeMails(prefix string) {
	s.t.Helper()
	var mails []struct {
		ID string `json:"id"`
	}
	s.get("/mailbox.json", &mails)
	for _, m := range mails {
		_, raw := download(s.t.Context(), s.t, s.url+"/mailbox/"+m.ID)
		s.copyIn(prefix+m.ID, raw, nil)
	}
}

func TestSmokeNamesTheStepOfEachBreakageOfAStack(t *testing.T) {
	s := start(t, t.TempDir())
	for _, test := range []struct {
		name    string
		step    string
		status  smoke.Status
		wants   string
		damages func(*account)
	}{
		{"no output", "service", smoke.Failed, "no dataBucket; deploy it first: make up STACK=dev", func(a *account) { delete(a.outputs, "dataBucket") }},
		{"the page of another stack", "page configuration", smoke.Failed, "the stack's region and app client", func(a *account) { a.outputs["userPoolClientId"] = "another" }},
		{"no right to make users", "users", smoke.Failed, "the credentials need cognito-idp:AdminCreateUser", func(a *account) { a.denied = "AdminCreateUser" }},
		{"no right to list users", "users", smoke.Failed, "the credentials need cognito-idp:ListUsers", func(a *account) { a.denied = "ListUsers" }},
		{"a second factor", "sign-in", smoke.Failed, "a further step (MFA_SETUP)", func(a *account) { a.factor = true }},
		{"an active alarm", "alarms", smoke.Failed, "Gen3DDeadLetters-dev (Threshold Crossed", func(a *account) { a.states["Gen3DDeadLetters-dev"] = "ALARM" }},
		{"no right to read alarms", "alarms", smoke.Failed, "the credentials need cloudwatch:DescribeAlarms", func(a *account) { a.denied = "DescribeAlarms" }},
		{"alarms are off", "alarms", smoke.Skipped, "the stack has no alarms (gen3d:alarms)", func(a *account) { a.states = nil }},
		{"the model is off", "wait for the mesh", smoke.Skipped, "the stack has no model yet (gen3d:model.enabled)", func(a *account) { a.outputs["endpointConfigName"] = "" }},
		{"SES refuses the user's address", "mail", smoke.Failed, "to user A; seen: address_refused; verify the address", func(a *account) {
			b := &breakage{service: s}
			a.trip = func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, "/notified.json") || r.Method != http.MethodGet {
					return b.pass(r)
				}
				return b.document(r, func(notice map[string]any) { notice["user"] = map[string]any{"unsent": "address_refused"} })
			}
		}},
		{"users cannot be removed", "clean up", smoke.Failed, "the next run removes what is left", func(a *account) { a.denied = "AdminDeleteUser" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAccount(s)
			test.damages(a)
			report := a.smokes(t, nil)
			for _, step := range report.Steps {
				if step.Name == test.step && (step.Status != test.status || !strings.Contains(step.Message, test.wants)) {
					t.Errorf("%v; want %s with %q", step, test.status, test.wants)
				}
				if step.Name != test.step && step.Status == smoke.Failed {
					t.Errorf("another step failed: %v", step)
				}
			}
			if len(a.users) > 0 && a.denied != "AdminDeleteUser" {
				t.Errorf("the pool still has %v", a.users)
			}
			s.eventually("nothing left", func() bool { return len(s.keys("users/")) == 0 && s.markers() == 0 })
		})
	}
}
