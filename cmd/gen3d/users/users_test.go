package users_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
	"gen3d/local/objectstore"
	"gen3d/tests/support/command"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/standin"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

// newPool plays the pool of a stack.
func newPool(t *testing.T) *standin.UserPool {
	aws := standin.New(t)
	aws.Stack(standin.Outputs(), nil)
	t.Setenv("AWS_ENDPOINT_URL_S3", *s3test.Config().BaseEndpoint)
	t.Setenv("GEN3D_S3_PATH_STYLE", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", objectstore.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", objectstore.SecretKey)
	t.Setenv("GEN3D_PASSWORD", "")
	return aws.UserPool()
}

func run(t *testing.T, input string, args ...string) command.Result {
	t.Helper()
	return command.Run(t, &users.Commands{}, input, append(args, "--stack", "dev")...)
}

func TestAddInvitesAUserWithAVerifiedAddress(t *testing.T) {
	p := newPool(t)
	result := run(t, "", "add", "ann@example.com")
	if result.Failure != nil || !strings.Contains(result.Out, "User ann@example.com is added (ID 00000000-0000-4000-8000-000000000001).\nCognito mails") || !strings.Contains(result.Out, "https://d1.cloudfront.net") || !slices.Equal(p.Mails, []string{"ann@example.com"}) {
		t.Errorf("%+v, mails %v", result, p.Mails)
	}
	if result := run(t, "", "add", "ann@example.com"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "is a user already; gen3d users list --stack dev") {
		t.Errorf("twice: %v", result.Failure)
	}
	if result := run(t, "", "add", "ann@example.com", "--again"); result.Failure != nil || len(p.Mails) != 2 || !strings.Contains(result.Out, "is invited again") {
		t.Errorf("again: %v, mails %v", result.Failure, p.Mails)
	}
	if result := run(t, "", "add", "nobody"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "is not a mail address") {
		t.Errorf("no address: %v", result.Failure)
	}
}

func TestAddWithoutMail(t *testing.T) {
	p := newPool(t)
	result := run(t, "", "add", "bob@example.com", "--no-mail")
	bob := p.Find("bob@example.com")
	if result.Failure != nil || bob == nil || len(bob.Password) < 12 || !strings.Contains(result.Out, ": "+bob.Password+"\n") || bob.Status != "FORCE_CHANGE_PASSWORD" || len(p.Mails) > 0 {
		t.Errorf("%+v, %+v", result, bob)
	}
	var printed struct{ Email, TemporaryPassword string }
	if err := json.Unmarshal([]byte(run(t, "", "add", "dan@example.com", "--no-mail", "--json").Out), &printed); err != nil || printed.TemporaryPassword != p.Find("dan@example.com").Password {
		t.Errorf("%v, %+v", err, printed)
	}
	t.Setenv("GEN3D_PASSWORD", "Correct horse battery 9")
	result = run(t, "", "add", "cat@example.com", "--no-mail", "--json")
	if cat := p.Find("cat@example.com"); result.Failure != nil || cat.Password != "Correct horse battery 9" || cat.Status != "CONFIRMED" || strings.Contains(result.Out+result.Err, "horse") {
		t.Errorf("%+v, %+v", result, cat)
	}
}

func TestListShowsStateAndVerification(t *testing.T) {
	p := newPool(t)
	p.Add(standin.Account{Sub: "s2", Email: "bob@example.com"})
	p.Add(standin.Account{Sub: "s1", Email: "ann@example.com", Status: "FORCE_CHANGE_PASSWORD"})
	p.Add(standin.Account{Sub: "s3", Email: "bea@example.com"})
	result := run(t, "", "list")
	if want := "ADDRESS          USER  STATE                  VERIFIED  ENABLED  CREATED\nann@example.com  s1    FORCE_CHANGE_PASSWORD  yes       yes      2023-11-14 22:13:20Z\n"; result.Failure != nil || !strings.HasPrefix(result.Out, want) {
		t.Errorf("%v\n%s", result.Failure, result.Out)
	}
	result = run(t, "", "list", "--limit", "1", "--begins", "b")
	if result.Failure != nil || strings.Count(result.Out, "\n") != 2 || !strings.Contains(result.Err, "There are more") {
		t.Errorf("%+v", result)
	}
	var listed []users.Account
	if err := json.Unmarshal([]byte(run(t, "", "list", "--json").Out), &listed); err != nil || len(listed) != 3 || !listed[0].Verified {
		t.Errorf("%v, %+v", err, listed)
	}
}

func TestRemoveKeepsFilesAndDeletesTheClaims(t *testing.T) {
	p := newPool(t)
	user := s3test.User(t)
	p.Add(standin.Account{Sub: user, Email: "ann@example.com"})
	mesh := job.UsersPrefix + user + "/output/7zzzzzzzzz0123456789abcdef/1/mesh.glb"
	s3test.Put(t, mesh, "model/gltf-binary", nil, []byte("a mesh"))
	s3test.Put(t, job.ClaimsKey(user), "application/json", nil, []byte("{}"))
	if result := run(t, "no\n", "remove", "ann@example.com"); result.Failure == nil || len(p.Accounts) != 1 {
		t.Errorf("not confirmed: %+v", result)
	}
	result := run(t, "yes\n", "remove", "ann@example.com")
	if result.Failure != nil || len(p.Accounts) > 0 || !strings.Contains(result.Out, "gen3d user erase "+user+" --stack dev") {
		t.Errorf("%+v", result)
	}
	if _, there := s3test.Get(t, mesh); !there {
		t.Error("the mesh is deleted")
	}
	if _, there := s3test.Get(t, job.ClaimsKey(user)); there {
		t.Error("the claims stay")
	}
	if result := run(t, "", "remove", "ann@example.com", "--yes"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "has no such user") {
		t.Errorf("twice: %v", result.Failure)
	}
}

func TestUsersOfThisMachine(t *testing.T) {
	if result := command.Run(t, &users.Commands{}, "", "list", "--against", "local"); result.Failure != nil || !strings.Contains(result.Out, "testuser003@example.com  testuser003  CONFIRMED  yes") {
		t.Errorf("%+v", result)
	}
	if result := command.Run(t, &users.Commands{}, "", "list", "--against", "local", "--begins", "testuser002", "--json"); strings.Contains(result.Out, "testuser001") || !strings.Contains(result.Out, "testuser002") {
		t.Errorf("of an address: %+v", result)
	}
	for _, args := range [][]string{{"add", "a@example.com"}, {"remove", "testuser001"}} {
		if result := command.Run(t, &users.Commands{}, "", append(args, "--against", "local")...); result.Failure == nil || !strings.Contains(result.Failure.Error(), "three fictitious users") {
			t.Errorf("%v: %v", args, result.Failure)
		}
	}
	if result := command.Run(t, &users.Commands{}, "", "list"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "--stack NAME for a deployed stack, or --against local") {
		t.Errorf("no target: %v", result.Failure)
	}
}
