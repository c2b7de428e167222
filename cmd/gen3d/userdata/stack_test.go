package userdata_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/userdata"
	"gen3d/tests/support/command"
	"gen3d/tests/support/standin"
)

// stored is a version of an object in the stand-in of a versioned bucket.
type stored struct {
	Key, VersionId string
	Size           int
	marker         bool
}

// stack plays Cognito and a versioned bucket.
type stack struct {
	*standin.AWS
	versions []stored
	account  bool
	late     []stored // written after the first deletion
}

const target = "AWSCognitoIdentityProviderService."

func newStack(t *testing.T) *stack {
	s := &stack{AWS: standin.New(t), account: true}
	type named struct{ UserPoolId, Username string }
	for _, operation := range []string{"AdminGetUser", "AdminDisableUser", "AdminUserGlobalSignOut", "AdminDeleteUser"} {
		s.On(target+operation, standin.Strict(func(in named) (any, *standin.Fault) {
			if !s.account || in.Username != "u1" && in.Username != "ann@example.com" {
				return nil, &standin.Fault{Status: http.StatusBadRequest, Code: "UserNotFoundException", Message: "User does not exist."}
			}
			s.account = operation != "AdminDeleteUser"
			if operation == "AdminGetUser" {
				return map[string]any{"Username": "u1", "UserStatus": "CONFIRMED", "Enabled": true, "UserAttributes": []map[string]string{
					{"Name": "sub", "Value": "u1"}, {"Name": "email", "Value": "ann@example.com"}, {"Name": "email_verified", "Value": "true"}}}, nil
			}
			return map[string]any{}, nil
		}))
	}
	s.Handle("GET /gen3d-local-data", s.list)
	s.Handle("GET /gen3d-local-data/{$}", s.list)
	s.Handle("POST /gen3d-local-data", s.remove)
	s.Handle("POST /gen3d-local-data/{$}", s.remove)
	s.Stack(standin.Outputs(), nil)
	t.Setenv("GEN3D_S3_PATH_STYLE", "true")
	return s
}

// list answers ListObjectVersions, two versions a page, and ListObjectsV2 of an
// empty bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (s *stack) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	w.Header().Set("Content-Type", "application/xml")
	if query.Get("list-type") == "2" {
		fmt.Fprint(w, "<ListBucketResult></ListBucketResult>")
		return
	}
	if !query.Has("versions") {
		http.Error(w, "not expected", http.StatusBadRequest)
		return
	}
	var answer struct {
		XMLName             xml.Name `xml:"ListVersionsResult"`
		IsTruncated         bool
		NextKeyMarker       string `xml:",omitempty"`
		NextVersionIdMarker string `xml:",omitempty"`
		Version             []stored
		DeleteMarker        []stored
	}
	after := query.Get("key-marker") + "\x00" + query.Get("version-id-marker")
	for _, v := range s.versions {
		if !strings.HasPrefix(v.Key, query.Get("prefix")) || v.Key+"\x00"+v.VersionId <= after {
			continue
		}
		if len(answer.Version)+len(answer.DeleteMarker) == 2 {
			answer.IsTruncated = true
			break
		}
		if v.marker {
			answer.DeleteMarker = append(answer.DeleteMarker, v)
		} else {
			answer.Version = append(answer.Version, v)
		}
		answer.NextKeyMarker, answer.NextVersionIdMarker = v.Key, v.VersionId
	}
	_ = xml.NewEncoder(w).Encode(answer)
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (s *stack) remove(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Object []struct{ Key, VersionId string }
		Quiet  bool
	}
	if err := xml.NewDecoder(r.Body).Decode(&in); err != nil || !r.URL.Query().Has("delete") || len(in.Object) > 1000 {
		http.Error(w, "MalformedXML", http.StatusBadRequest)
		return
	}
	for _, o := range in.Object {
		if o.VersionId == "" { // it would only add a delete marker
			http.Error(w, "without a version", http.StatusBadRequest)
			return
		}
		s.versions = slices.DeleteFunc(s.versions, func(v stored) bool { return v.Key == o.Key && v.VersionId == o.VersionId })
	}
	s.versions, s.late = append(s.versions, s.late...), nil
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprint(w, "<DeleteResult></DeleteResult>")
}

func (s *stack) run(t *testing.T, args ...string) command.Result {
	t.Helper()
	return command.Run(t, &userdata.Commands{}, "", append(args, "--stack", "dev")...)
}

func TestEraseDeletesEveryVersionAndThenTheUser(t *testing.T) {
	s := newStack(t)
	s.versions = []stored{
		{"pending/u1/claims.json", "1", 2, false},
		{"users/u1/input/cat.jpg", "1", 10, false}, {"users/u1/input/cat.jpg", "2", 20, false}, {"users/u1/input/cat.jpg", "3", 0, true},
		{"users/u1/output/j/1/mesh.glb", "1", 30, false},
		{"users/u10/input/cat.jpg", "1", 10, false},
	}
	s.late = []stored{{"users/u1/output/j/2/mesh.glb", "1", 5, false}}
	result := s.run(t, "erase", "ann@example.com", "--yes")
	if result.Failure != nil || !strings.Contains(result.Out, "Deleted of user u1: 4 objects in 6 versions (67 bytes), and the user.") || !strings.Contains(result.Out, "gen3d user erase u1 --stack dev") {
		t.Errorf("%+v", result)
	}
	if len(s.versions) != 1 || s.versions[0].Key != "users/u10/input/cat.jpg" || s.account {
		t.Errorf("left: %v, account %v", s.versions, s.account)
	}
	calls := s.Calls()
	if at := slices.Index(calls, target+"AdminDisableUser"); at < 0 || at > slices.Index(calls, "POST /gen3d-local-data") || calls[len(calls)-1] != target+"AdminDeleteUser" {
		t.Errorf("in the order %q", calls)
	}
	// A repeat, after what a token of before has written.
	s.versions = append(s.versions, stored{"users/u1/output/k/upload.json", "1", 5, false})
	if result := s.run(t, "erase", "u1", "--yes", "--json"); result.Failure != nil || len(s.versions) != 1 || !strings.Contains(result.Out, `"account": false`) {
		t.Errorf("a repeat: %+v", result)
	}
	if result := s.run(t, "erase", "ann@example.com", "--yes"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "give the ID, which gen3d jobs list --stack dev prints") {
		t.Errorf("by the address: %v", result.Failure)
	}
}

func TestExportHasTheProfile(t *testing.T) {
	s := newStack(t)
	to := t.TempDir()
	if result := s.run(t, "export", "ann@example.com", "--to", to); result.Failure != nil {
		t.Fatal(result.Failure)
	}
	data, err := os.ReadFile(filepath.Join(to, "u1", "profile.json"))
	var profile struct{ Attributes map[string]string }
	if err != nil || json.Unmarshal(data, &profile) != nil || profile.Attributes["email"] != "ann@example.com" {
		t.Errorf("%v, %s", err, data)
	}
}
