package service_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"gen3d/cmd/gen3d/signin"
	"gen3d/tests/support/standin"
)

// filter is a filter of ListUsers; only some attributes can be searched.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
var filter = regexp.MustCompile(`^(username|email|phone_number|name|given_name|family_name|preferred_username|sub) (=|\^=) "([^"]*)"$`)

// attribute is Cognito's AttributeType.
type attribute struct{ Name, Value string }

func fault(code, message string) *standin.Fault {
	return &standin.Fault{Status: http.StatusBadRequest, Code: code, Message: message}
}

func (a *account) listUsers(in struct {
	UserPoolId, Filter, PaginationToken string
	Limit                               int
}) (any, *standin.Fault) {
	parts := filter.FindStringSubmatch(in.Filter)
	if in.UserPoolId != a.outputs["userPoolId"] || parts == nil || parts[2] != "^=" || in.Limit > 60 {
		return nil, fault("InvalidParameterException", "Error while parsing filter.")
	}
	found := []any{}
	for username, u := range a.users {
		if strings.HasPrefix(u.attributes[parts[1]], parts[3]) {
			found = append(found, map[string]any{"Username": username, "Attributes": u.list()})
		}
	}
	return map[string]any{"Users": found}, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html
func (a *account) setPassword(in struct {
	UserPoolId, Username, Password string
	Permanent                      bool
}) (any, *standin.Fault) {
	user, password := a.users[in.Username], in.Password
	switch {
	case in.UserPoolId != a.outputs["userPoolId"]:
		return nil, fault("ResourceNotFoundException", "User pool does not exist.")
	case user == nil:
		return nil, fault("UserNotFoundException", "User does not exist.")
	case len(password) < 12 || strings.ToLower(password) == password || strings.ToUpper(password) == password || !strings.ContainsAny(password, "0123456789") || !strings.ContainsAny(password, "!^$*.[]{}()?-@#%&/,><':;|_~`+="):
		return nil, fault("InvalidPasswordException", "Password did not conform with policy")
	}
	user.password, user.permanent = password, in.Permanent
	return map[string]any{}, nil
}

func (a *account) deleteUser(in struct{ UserPoolId, Username string }) (any, *standin.Fault) {
	if a.users[in.Username] == nil || in.UserPoolId != a.outputs["userPoolId"] {
		return nil, fault("UserNotFoundException", "User does not exist.")
	}
	delete(a.users, in.Username)
	return map[string]any{}, nil
}

func (m *member) list() (attributes []attribute) {
	attributes = append(attributes, attribute{"sub", m.sub})
	for name, value := range m.attributes {
		attributes = append(attributes, attribute{name, value})
	}
	return attributes
}

// createUser makes a user of a pool whose users sign in with an address. The
// users' subs are those of users on this machine.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (a *account) createUser(in struct {
	UserPoolId, Username, MessageAction string
	UserAttributes                      []attribute
}) (any, *standin.Fault) {
	user := &member{sub: []string{"testuser003", "testuser002"}[a.made%2], attributes: map[string]string{}}
	for _, one := range in.UserAttributes {
		user.attributes[one.Name] = one.Value
	}
	email := user.attributes["email"]
	for _, u := range a.users {
		if u.attributes["email"] == email {
			return nil, fault("UsernameExistsException", "An account with the email already exists.")
		}
	}
	switch {
	case !strings.Contains(in.Username, "@") || in.Username != email || in.UserPoolId != a.outputs["userPoolId"]:
		return nil, fault("InvalidParameterException", "Username should be an email.")
	case in.MessageAction != "SUPPRESS":
		a.service.t.Error("AdminCreateUser sends a mail")
		return nil, fault("InvalidParameterException", "no mail is expected")
	case user.attributes["email_verified"] != "true":
		return nil, fault("InvalidParameterException", "the address is not verified")
	}
	a.made++
	username := fmt.Sprintf("00000000-0000-4000-8000-%012d", a.made)
	a.users[username] = user
	return map[string]any{"User": map[string]any{"Username": username, "Attributes": user.list(), "UserStatus": "FORCE_CHANGE_PASSWORD"}}, nil
}

// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html
func (a *account) initiateAuth(in struct {
	UserPoolId, ClientId, AuthFlow string
	AuthParameters                 map[string]string
}) (any, *standin.Fault) {
	user := a.users[in.AuthParameters["USERNAME"]]
	switch {
	case in.AuthFlow != "ADMIN_USER_PASSWORD_AUTH" || in.ClientId != a.outputs["userPoolClientId"]:
		return nil, fault("InvalidParameterException", "Auth flow not enabled for this client")
	case user == nil || user.password != in.AuthParameters["PASSWORD"]:
		return nil, fault("NotAuthorizedException", "Incorrect username or password.")
	case !user.permanent:
		return map[string]any{"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"}, nil
	case a.factor:
		return map[string]any{"ChallengeName": "MFA_SETUP", "Session": "s"}, nil
	}
	token, err := signin.Local(context.Background(), a.url, user.sub)
	if err != nil {
		a.service.t.Error(err)
	}
	return map[string]any{"AuthenticationResult": map[string]any{"AccessToken": token, "TokenType": "Bearer", "ExpiresIn": 3600}}, nil
}
