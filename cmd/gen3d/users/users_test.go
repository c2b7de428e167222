package users_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
	"gen3d/local/objectstore"
	"gen3d/tests/support/command"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/standin"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

// attribute is Cognito's AttributeType.
type attribute struct{ Name, Value string }

type account struct {
	sub, email, status string
	password           string
	permanent          bool
}

// pool plays a user pool whose users sign in with their address.
type pool struct {
	*standin.AWS
	accounts []*account
	mails    []string
}

const target = "AWSCognitoIdentityProviderService."

func newPool(t *testing.T) *pool {
	p := &pool{AWS: standin.New(t)}
	p.On(target+"AdminCreateUser", standin.Strict(p.create))
	p.On(target+"AdminSetUserPassword", standin.Strict(p.setPassword))
	p.On(target+"AdminGetUser", standin.Strict(p.get))
	p.On(target+"AdminDeleteUser", standin.Strict(p.remove))
	p.On(target+"ListUsers", standin.Strict(p.list))
	p.Stack(standin.Outputs(), nil)
	t.Setenv("AWS_ENDPOINT_URL_S3", *s3test.Config().BaseEndpoint)
	t.Setenv("GEN3D_S3_PATH_STYLE", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", objectstore.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", objectstore.SecretKey)
	t.Setenv("GEN3D_PASSWORD", "")
	return p
}

func fault(code string) *standin.Fault {
	return &standin.Fault{Status: http.StatusBadRequest, Code: code, Message: code}
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (p *pool) create(in struct {
	UserPoolId, Username, MessageAction, TemporaryPassword string
	UserAttributes                                         []attribute
	DesiredDeliveryMediums                                 []string
}) (any, *standin.Fault) {
	if in.UserPoolId != "us-east-1_pool" || !slices.Contains(in.UserAttributes, attribute{"email", in.Username}) || !slices.Contains(in.UserAttributes, attribute{"email_verified", "true"}) {
		return nil, fault("InvalidParameterException")
	}
	found := p.find(in.Username)
	switch {
	case in.MessageAction == "RESEND" && found == nil:
		return nil, fault("UserNotFoundException")
	case in.MessageAction != "RESEND" && found != nil:
		return nil, fault("UsernameExistsException")
	case found == nil:
		found = &account{sub: "sub-" + in.Username[:3], email: in.Username, status: "FORCE_CHANGE_PASSWORD", password: in.TemporaryPassword}
		p.accounts = append(p.accounts, found)
	}
	if in.MessageAction != "SUPPRESS" {
		p.mails = append(p.mails, in.Username)
	}
	out := found.described()
	out["Attributes"] = out["UserAttributes"]
	delete(out, "UserAttributes")
	return map[string]any{"User": out}, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html
func (p *pool) setPassword(in struct {
	UserPoolId, Username, Password string
	Permanent                      bool
}) (any, *standin.Fault) {
	found := p.find(in.Username)
	if found == nil {
		return nil, fault("UserNotFoundException")
	}
	if len(in.Password) < 12 {
		return nil, fault("InvalidPasswordException")
	}
	found.password, found.permanent = in.Password, in.Permanent
	return map[string]any{}, nil
}

type named struct{ UserPoolId, Username string }

func (p *pool) get(in named) (any, *standin.Fault) {
	if found := p.find(in.Username); found != nil {
		return found.described(), nil
	}
	return nil, fault("UserNotFoundException")
}

func (p *pool) remove(in named) (any, *standin.Fault) {
	if p.find(in.Username) == nil {
		return nil, fault("UserNotFoundException")
	}
	p.accounts = slices.DeleteFunc(p.accounts, func(a *account) bool { return a.sub == in.Username || a.email == in.Username })
	return map[string]any{}, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
func (p *pool) list(in struct {
	UserPoolId, Filter, PaginationToken string
	Limit                               int
}) (any, *standin.Fault) {
	if in.Limit < 0 || in.Limit > 60 || in.Filter != "" && in.Filter != `email ^= "b"` {
		return nil, fault("InvalidParameterException")
	}
	page := map[string]any{}
	var found []any // one a page
	for i, a := range p.accounts {
		if in.PaginationToken == "" && i == 0 || in.PaginationToken == a.sub {
			d := a.described()
			d["Attributes"] = d["UserAttributes"]
			found = append(found, d)
			if i+1 < len(p.accounts) {
				page["PaginationToken"] = p.accounts[i+1].sub
			}
		}
	}
	page["Users"] = found
	return page, nil
}

func (p *pool) find(name string) *account {
	for _, a := range p.accounts {
		if a.sub == name || a.email == name {
			return a
		}
	}
	return nil
}

func (a *account) described() map[string]any {
	return map[string]any{
		"Username": a.sub, "UserStatus": a.status, "Enabled": true, "UserCreateDate": standin.Time(time.Unix(1700000000, 0)),
		"UserAttributes": []attribute{{"sub", a.sub}, {"email", a.email}, {"email_verified", "true"}},
	}
}

func run(t *testing.T, input string, args ...string) command.Result {
	t.Helper()
	return command.Run(t, &users.Commands{}, input, append(args, "--stack", "dev")...)
}

func TestAddInvitesAUserWithAVerifiedAddress(t *testing.T) {
	p := newPool(t)
	result := run(t, "", "add", "ann@example.com")
	if result.Failure != nil || !strings.Contains(result.Out, "User ann@example.com is added (ID sub-ann).\nCognito mails") || !strings.Contains(result.Out, "https://d1.cloudfront.net") || !slices.Equal(p.mails, []string{"ann@example.com"}) {
		t.Errorf("%+v, mails %v", result, p.mails)
	}
	if result := run(t, "", "add", "ann@example.com"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "is a user already; gen3d users list --stack dev") {
		t.Errorf("twice: %v", result.Failure)
	}
	if result := run(t, "", "add", "ann@example.com", "--again"); result.Failure != nil || len(p.mails) != 2 {
		t.Errorf("again: %v, mails %v", result.Failure, p.mails)
	}
	if result := run(t, "", "add", "nobody"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "is not a mail address") {
		t.Errorf("no address: %v", result.Failure)
	}
}

func TestAddWithoutMail(t *testing.T) {
	p := newPool(t)
	result := run(t, "", "add", "bob@example.com", "--no-mail")
	bob := p.find("bob@example.com")
	if result.Failure != nil || bob == nil || len(bob.password) < 12 || !strings.Contains(result.Out, ": "+bob.password+"\n") || bob.permanent || len(p.mails) > 0 {
		t.Errorf("%+v, %+v", result, bob)
	}
	var printed struct{ Email, TemporaryPassword string }
	if err := json.Unmarshal([]byte(run(t, "", "add", "dan@example.com", "--no-mail", "--json").Out), &printed); err != nil || printed.TemporaryPassword != p.find("dan@example.com").password {
		t.Errorf("%v, %+v", err, printed)
	}
	t.Setenv("GEN3D_PASSWORD", "correct horse battery")
	result = run(t, "", "add", "cat@example.com", "--no-mail", "--json")
	if cat := p.find("cat@example.com"); result.Failure != nil || cat.password != "correct horse battery" || !cat.permanent || strings.Contains(result.Out+result.Err, "horse") {
		t.Errorf("%+v, %+v", result, cat)
	}
}

func TestListShowsStateAndVerification(t *testing.T) {
	p := newPool(t)
	p.accounts = []*account{{sub: "s2", email: "bob@example.com", status: "CONFIRMED"}, {sub: "s1", email: "ann@example.com", status: "FORCE_CHANGE_PASSWORD"}}
	result := run(t, "", "list")
	if want := "ADDRESS          USER  STATE                  VERIFIED  ENABLED  CREATED\nann@example.com  s1    FORCE_CHANGE_PASSWORD  yes       yes      2023-11-14 22:13:20Z\n"; result.Failure != nil || !strings.HasPrefix(result.Out, want) {
		t.Errorf("%v\n%s", result.Failure, result.Out)
	}
	result = run(t, "", "list", "--limit", "1", "--begins", "b")
	if result.Failure != nil || strings.Count(result.Out, "\n") != 2 || !strings.Contains(result.Err, "There are more") {
		t.Errorf("%+v", result)
	}
	var listed []users.Account
	if err := json.Unmarshal([]byte(run(t, "", "list", "--json").Out), &listed); err != nil || len(listed) != 2 || !listed[0].Verified {
		t.Errorf("%v, %+v", err, listed)
	}
}

func TestRemoveKeepsFilesAndDeletesTheClaims(t *testing.T) {
	p := newPool(t)
	user := s3test.User(t)
	p.accounts = []*account{{sub: user, email: "ann@example.com"}}
	mesh := job.UsersPrefix + user + "/output/7zzzzzzzzz0123456789abcdef/1/mesh.glb"
	s3test.Put(t, mesh, "model/gltf-binary", nil, []byte("a mesh"))
	s3test.Put(t, job.ClaimsKey(user), "application/json", nil, []byte("{}"))
	if result := run(t, "no\n", "remove", "ann@example.com"); result.Failure == nil || len(p.accounts) != 1 {
		t.Errorf("not confirmed: %+v", result)
	}
	result := run(t, "yes\n", "remove", "ann@example.com")
	if result.Failure != nil || len(p.accounts) > 0 || !strings.Contains(result.Out, "gen3d user erase "+user+" --stack dev") {
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
	for _, args := range [][]string{{"add", "a@example.com"}, {"remove", "testuser001"}} {
		if result := command.Run(t, &users.Commands{}, "", append(args, "--against", "local")...); result.Failure == nil || !strings.Contains(result.Failure.Error(), "three fictitious users") {
			t.Errorf("%v: %v", args, result.Failure)
		}
	}
	if result := command.Run(t, &users.Commands{}, "", "list"); result.Failure == nil || !strings.Contains(result.Failure.Error(), "--stack NAME for a deployed stack, or --against local") {
		t.Errorf("no target: %v", result.Failure)
	}
}
