package standin

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// UserPool is a Cognito user pool whose users sign in with their address.
type UserPool struct {
	mu       sync.Mutex
	id       string
	Accounts []*Account
	Mails    []string // addresses to which Cognito has mailed an invitation
	Made     int      // users, also those that were deleted
	// Sub returns the sub of the nth user that is made; nil: a UUID.
	Sub func(n int) string
	// SignIn answers a sign-in with a right, permanent password: a token, or
	// a challenge.
	SignIn func(Account) (token, challenge string)
}

// Account is a user of the pool.
type Account struct {
	Username, Sub, Email, Name string
	Status                     string // such as CONFIRMED
	Password                   string
	Disabled                   bool
}

// poolTarget begins the names of Cognito's operations.
const poolTarget = "AWSCognitoIdentityProviderService."

// UserPool adds the operations of the user pool in [Outputs].
func (a *AWS) UserPool() *UserPool {
	p := &UserPool{id: Outputs()["userPoolId"]}
	for name, operation := range map[string]Operation{
		"AdminCreateUser": Strict(p.create), "AdminSetUserPassword": Strict(p.setPassword), "AdminGetUser": Strict(p.get), "AdminDisableUser": Strict(p.disable),
		"AdminUserGlobalSignOut": Strict(p.signOut), "AdminDeleteUser": Strict(p.remove), "ListUsers": Strict(p.list), "AdminInitiateAuth": Strict(p.signIn),
	} {
		a.On(poolTarget+name, func(body []byte) (any, *Fault) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return operation(body)
		})
	}
	return p
}

// Find returns the user with a username, sub or address, or nil.
func (p *UserPool) Find(name string) *Account {
	for _, a := range p.Accounts {
		if name == a.Username || name == a.Sub || strings.EqualFold(name, a.Email) {
			return a
		}
	}
	return nil
}

// Add adds a user with a verified address and a permanent password.
func (p *UserPool) Add(a Account) {
	if a.Username == "" {
		a.Username = a.Sub
	}
	if a.Status == "" {
		a.Status = "CONFIRMED"
	}
	p.Accounts = append(p.Accounts, &a)
}

func refused(code, message string) *Fault { return &Fault{http.StatusBadRequest, code, message} }

// named are the members by which most operations choose a user.
type named struct{ UserPoolId, Username string }

func (p *UserPool) user(in named) (*Account, *Fault) {
	if in.UserPoolId != p.id {
		return nil, refused("ResourceNotFoundException", "User pool does not exist.")
	}
	if found := p.Find(in.Username); found != nil {
		return found, nil
	}
	return nil, refused("UserNotFoundException", "User does not exist.")
}

// attribute is Cognito's AttributeType.
type attribute struct{ Name, Value string }

func (a *Account) attributes() []attribute {
	return []attribute{{"sub", a.Sub}, {"email", a.Email}, {"email_verified", "true"}, {"name", a.Name}}
}

func (a *Account) describe(attributes string) map[string]any {
	return map[string]any{
		"Username": a.Username, "UserStatus": a.Status, "Enabled": !a.Disabled, "UserCreateDate": Time(time.Unix(1700000000, 0)), attributes: a.attributes(),
	}
}

// weak reports whether the pool's policy refuses a password.
// https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
func weak(password string) bool {
	return len(password) < 12 || strings.ToLower(password) == password || strings.ToUpper(password) == password || !strings.ContainsAny(password, "0123456789")
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (p *UserPool) create(in struct {
	UserPoolId, Username, MessageAction, TemporaryPassword string
	UserAttributes                                         []attribute
	DesiredDeliveryMediums                                 []string
}) (any, *Fault) {
	found, fault := p.user(named{in.UserPoolId, in.Username})
	switch {
	case fault != nil && fault.Code == "ResourceNotFoundException":
		return nil, fault
	case !strings.Contains(in.Username, "@") || !slices.Contains(in.UserAttributes, attribute{"email", in.Username}):
		return nil, refused("InvalidParameterException", "Username should be an email.")
	case !slices.Contains(in.UserAttributes, attribute{"email_verified", "true"}): // Notify would not mail to it
		return nil, refused("InvalidParameterException", "the address is not verified")
	case !slices.Contains([]string{"", "RESEND", "SUPPRESS"}, in.MessageAction):
		return nil, refused("InvalidParameterException", in.MessageAction)
	case in.TemporaryPassword != "" && weak(in.TemporaryPassword):
		return nil, refused("InvalidPasswordException", "Password did not conform with policy")
	case in.MessageAction == "RESEND" && found == nil:
		return nil, fault
	case in.MessageAction != "RESEND" && found != nil:
		return nil, refused("UsernameExistsException", "An account with the email already exists.")
	}
	if found == nil {
		p.Made++
		found = &Account{Username: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.Made), Email: in.Username, Status: "FORCE_CHANGE_PASSWORD", Password: in.TemporaryPassword}
		if found.Sub = found.Username; p.Sub != nil {
			found.Sub = p.Sub(p.Made)
		}
		for _, a := range in.UserAttributes {
			if a.Name == "name" {
				found.Name = a.Value
			}
		}
		p.Accounts = append(p.Accounts, found)
	}
	if in.MessageAction != "SUPPRESS" {
		p.Mails = append(p.Mails, in.Username)
	}
	return map[string]any{"User": found.describe("Attributes")}, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html
func (p *UserPool) setPassword(in struct {
	UserPoolId, Username, Password string
	Permanent                      bool
}) (any, *Fault) {
	found, fault := p.user(named{in.UserPoolId, in.Username})
	switch {
	case fault != nil:
		return nil, fault
	case weak(in.Password):
		return nil, refused("InvalidPasswordException", "Password did not conform with policy")
	}
	found.Password = in.Password
	if in.Permanent {
		found.Status = "CONFIRMED"
	}
	return map[string]any{}, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
func (p *UserPool) get(in named) (any, *Fault) {
	found, fault := p.user(in)
	if fault != nil {
		return nil, fault
	}
	return found.describe("UserAttributes"), nil
}

func (p *UserPool) disable(in named) (any, *Fault) {
	found, fault := p.user(in)
	if fault == nil {
		found.Disabled = true
	}
	return map[string]any{}, fault
}

func (p *UserPool) signOut(in named) (any, *Fault) {
	_, fault := p.user(in)
	return map[string]any{}, fault
}

func (p *UserPool) remove(in named) (any, *Fault) {
	found, fault := p.user(in)
	p.Accounts = slices.DeleteFunc(p.Accounts, func(a *Account) bool { return a == found })
	return map[string]any{}, fault
}

// filter is a filter of ListUsers; only some attributes can be searched.
var filter = regexp.MustCompile(`^(username|email|phone_number|name|given_name|family_name|preferred_username|sub) \^= "([^"]*)"$`)

// list returns one user a page.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
func (p *UserPool) list(in struct {
	UserPoolId, Filter, PaginationToken string
	Limit                               int
}) (any, *Fault) {
	parts := filter.FindStringSubmatch(in.Filter)
	switch {
	case in.UserPoolId != p.id:
		return nil, refused("ResourceNotFoundException", "User pool does not exist.")
	case in.Limit < 0 || in.Limit > 60:
		return nil, refused("InvalidParameterException", "limit")
	case in.Filter != "" && parts == nil:
		return nil, refused("InvalidParameterException", "Error while parsing filter.")
	}
	page := map[string]any{"Users": []any{}}
	reached := in.PaginationToken == ""
	for _, a := range p.Accounts {
		if reached = reached || in.PaginationToken == a.Username; !reached {
			continue
		}
		if parts != nil && !slices.ContainsFunc(a.attributes(), func(x attribute) bool { return x.Name == parts[1] && strings.HasPrefix(x.Value, parts[2]) }) {
			continue
		}
		if len(page["Users"].([]any)) == 1 {
			page["PaginationToken"] = a.Username
			break
		}
		page["Users"] = []any{a.describe("Attributes")}
	}
	return page, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html
func (p *UserPool) signIn(in struct {
	UserPoolId, ClientId, AuthFlow string
	AuthParameters                 map[string]string
}) (any, *Fault) {
	found, fault := p.user(named{in.UserPoolId, in.AuthParameters["USERNAME"]})
	switch {
	case fault != nil && fault.Code == "ResourceNotFoundException" || p.SignIn == nil:
		return nil, refused("ResourceNotFoundException", "User pool client does not exist.")
	case in.AuthFlow != "ADMIN_USER_PASSWORD_AUTH":
		return nil, refused("InvalidParameterException", "Auth flow not enabled for this client")
	case fault != nil || found.Disabled || found.Password != in.AuthParameters["PASSWORD"]:
		return nil, refused("NotAuthorizedException", "Incorrect username or password.")
	case found.Status != "CONFIRMED":
		return map[string]any{"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"}, nil
	}
	token, challenge := p.SignIn(*found)
	if challenge != "" {
		return map[string]any{"ChallengeName": challenge, "Session": "s"}, nil
	}
	return map[string]any{"AuthenticationResult": map[string]any{"AccessToken": token, "TokenType": "Bearer", "ExpiresIn": 3600}}, nil
}
