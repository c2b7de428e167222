package service_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"gen3d/cmd/gen3d/signin"
)

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
