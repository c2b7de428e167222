package permissions_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/job"
	"gen3d/local/objectstore"
	"gen3d/tests/support/permissions"
	"gen3d/tests/support/s3test"
)

// edited returns a copy of the recorded stacks with a changed policy of one
// role.
func edited(t *testing.T, role string, change func(statement map[string]any) map[string]any) []*permissions.Stack {
	t.Helper()
	from := filepath.Join(s3test.Path("."), "infra", "testdata", "rights")
	root := t.TempDir()
	to := filepath.Join(root, "infra", "testdata", "rights")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, s := range stacks {
		path := filepath.Join(to, s.Name, role+".json")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var policy struct {
			Version   string
			Statement []map[string]any
		}
		if err := json.Unmarshal(data, &policy); err != nil {
			t.Fatal(err)
		}
		kept := policy.Statement[:0]
		for _, statement := range policy.Statement {
			before := fmt.Sprint(statement)
			after := change(statement)
			if fmt.Sprint(after) != before {
				changed++
			}
			if after != nil {
				kept = append(kept, after)
			}
		}
		policy.Statement = kept
		if data, err = json.Marshal(policy); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if changed != len(stacks) {
		t.Fatalf("%d statements were changed; want one a stack", changed)
	}
	other, err := permissions.Load(root, permissions.Names{DataBucket: s3test.Bucket, ModelBucket: objectstore.ModelBucket})
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// without removes one action from one statement.
func without(sid, action string) func(map[string]any) map[string]any {
	return func(statement map[string]any) map[string]any {
		if statement["Sid"] != sid {
			return statement
		}
		var kept []any
		for _, a := range statement["Action"].([]any) {
			if a != action {
				kept = append(kept, a)
			}
		}
		if statement["Action"] = kept; len(kept) == 0 {
			return nil
		}
		return statement
	}
}

// behind starts a guard in front of the store and returns a client with a role,
// and the refusals.
func behind(t *testing.T, role string, rights []*permissions.Stack) (*s3.Client, *[]string) {
	t.Helper()
	f := guarded(t)
	var mu sync.Mutex
	refused := &[]string{}
	f.Role, f.Stacks = role, rights
	f.Refused = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		*refused = append(*refused, err.Error())
	}
	return f.client(), refused
}

func wantRefused(t *testing.T, err error, refused []string, status int, parts ...string) {
	t.Helper()
	var answer interface{ HTTPStatusCode() int }
	if !errors.As(err, &answer) || answer.HTTPStatusCode() != status {
		t.Errorf("the answer is %v; want status %d", err, status)
	}
	if len(refused) != 1 {
		t.Fatalf("%d requests were refused: %v; want one", len(refused), refused)
	}
	for _, part := range parts {
		if !strings.Contains(refused[0], part) {
			t.Errorf("the refusal does not tell of %q: %s", part, refused[0])
		}
	}
}

func TestRemovedRightIsRefused(t *testing.T) {
	user := s3test.User(t)
	photo := job.UsersPrefix + user + "/input/a b é.jpg"
	s3test.Put(t, photo, "image/jpeg", nil, []byte("photo"))
	copyOnto := func(client *s3.Client) error {
		_, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: aws.String(s3test.Bucket), Key: &photo, CopySource: aws.String(s3test.Bucket + (&url.URL{Path: "/" + photo}).EscapedPath()),
			MetadataDirective: "REPLACE", ContentType: aws.String("image/jpeg"),
		})
		return err
	}
	client, refused := behind(t, "sweep", stacks)
	if err := copyOnto(client); err != nil || len(*refused) > 0 {
		t.Fatalf("with its rights Sweep cannot copy: %v %v", err, *refused)
	}
	for _, action := range []string{"s3:PutObject", "s3:GetObject"} {
		client, refused := behind(t, "sweep", edited(t, "sweep", without("SendPhotosAgain", action)))
		err := copyOnto(client)
		wantRefused(t, err, *refused, http.StatusForbidden, "role sweep may not "+action+" on arn:aws:s3:::gen3d-dev-data-123456789012/"+photo)
		if !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("the program sees %v; want S3's AccessDenied", err)
		}
	}
}

func TestMissingObjectIsForbiddenWithoutTheRightToList(t *testing.T) {
	key := job.UsersPrefix + s3test.User(t) + "/output/none/job.json"
	ask := func(client *s3.Client) (heads, gets error) {
		_, heads = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(s3test.Bucket), Key: &key})
		_, gets = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(s3test.Bucket), Key: &key})
		return heads, gets
	}
	client, refused := behind(t, "notify", stacks)
	if head, get := ask(client); !strings.Contains(fmt.Sprint(head), "404") || !strings.Contains(fmt.Sprint(get), "NoSuchKey") || len(*refused) > 0 {
		t.Errorf("with its rights Notify sees %v and %v; refused was %v", head, get, *refused)
	}
	client, refused = behind(t, "notify", edited(t, "notify", without("FindResults", "s3:ListBucket")))
	head, get := ask(client)
	if !strings.Contains(fmt.Sprint(head), "403") || !strings.Contains(fmt.Sprint(get), "AccessDenied") {
		t.Errorf("without the right to list it sees %v and %v; want 403 and AccessDenied", head, get)
	}
	if len(*refused) != 2 || !strings.Contains((*refused)[0], "s3:ListBucket") || !strings.Contains((*refused)[0], "not 404") {
		t.Errorf("the refusals are %v", *refused)
	}
}
