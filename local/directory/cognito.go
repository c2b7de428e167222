package directory

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// targetPrefix is the service's name in the X-Amz-Target header of its JSON 1.1
// protocol.
const targetPrefix = "AWSCognitoIdentityProviderService."

// awsFault is an error of the Cognito API: the exception's name and its
// message, both in Cognito's own words where Cognito has them.
type awsFault struct {
	name, message string
}

func (f *awsFault) Error() string { return f.name + ": " + f.message }

var (
	faultUnsigned    = &awsFault{"MissingAuthenticationTokenException", "Missing Authentication Token"}
	faultBody        = &awsFault{"SerializationException", "The request is not a JSON document of this operation."}
	faultUnknownUser = &awsFault{"UserNotFoundException", "User does not exist."}
	faultPassword    = &awsFault{"NotAuthorizedException", "Incorrect username or password."}
	faultRefresh     = &awsFault{"NotAuthorizedException", "Invalid Refresh Token"}
)

// cognito answers one call of the Cognito identity provider API.
func (d *Directory) cognito(w http.ResponseWriter, r *http.Request, operation string) {
	answer, fault := d.call(w, r, operation)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", d.config.NewID())
	w.Header().Set("Cache-Control", "no-store")
	if fault != nil {
		d.config.Log.InfoContext(r.Context(), "directory call refused", "operation", operation, "error", fault.name)
		w.Header().Set("X-Amzn-Errortype", fault.name+":")
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]string{"__type": fault.name, "message": fault.message}
	}
	// The client having gone is all that can fail here.
	_ = json.NewEncoder(w).Encode(answer)
}

// call dispatches. Operations an administrator makes must carry a signature, as
// on AWS; it is not recomputed here, but a client set up without credentials
// shows at once. Demanding the header also keeps pages of other origins out.
func (d *Directory) call(w http.ResponseWriter, r *http.Request, operation string) (any, *awsFault) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-amz-json-1.1" || r.Method != http.MethodPost {
		return nil, faultBody
	}
	if strings.HasPrefix(operation, "Admin") && !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return nil, faultUnsigned
	}
	decode := func(into any) *awsFault {
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, formLimit)).Decode(into); err != nil {
			return faultBody
		}
		return nil
	}
	switch operation {
	case "AdminGetUser":
		var input struct{ UserPoolId, Username string }
		if fault := decode(&input); fault != nil {
			return nil, fault
		}
		return d.getUser(input.UserPoolId, input.Username)
	case "AdminInitiateAuth":
		var input authInput
		if fault := decode(&input); fault != nil {
			return nil, fault
		}
		if fault := d.checkPool(input.UserPoolId); fault != nil {
			return nil, fault
		}
		return d.initiateAuth(input, "ADMIN_USER_PASSWORD_AUTH")
	case "InitiateAuth":
		var input authInput
		if fault := decode(&input); fault != nil {
			return nil, fault
		}
		return d.initiateAuth(input, "USER_PASSWORD_AUTH")
	}
	return nil, &awsFault{"UnknownOperationException", "The local directory does not know the operation " + operation + "."}
}

func (d *Directory) checkPool(id string) *awsFault {
	if id != d.config.PoolID {
		return &awsFault{"ResourceNotFoundException", "User pool " + id + " does not exist."}
	}
	return nil
}

// attribute is Cognito's AttributeType.
type attribute struct{ Name, Value string }

// userOutput is the answer of AdminGetUser; dates are seconds since 1970.
type userOutput struct {
	Username             string
	UserAttributes       []attribute
	UserCreateDate       float64
	UserLastModifiedDate float64
	Enabled              bool
	UserStatus           string
}

func (d *Directory) getUser(pool, name string) (any, *awsFault) {
	if fault := d.checkPool(pool); fault != nil {
		return nil, fault
	}
	user, ok := d.users.find(name)
	if !ok {
		return nil, faultUnknownUser
	}
	attributes := []attribute{{"sub", user.Name}}
	if user.Email != "" {
		attributes = append(attributes, attribute{"email", user.Email}, attribute{"email_verified", "true"})
	}
	status := "CONFIRMED"
	if user.MustChangePassword {
		status = "FORCE_CHANGE_PASSWORD"
	}
	created := float64(user.created.UnixMilli()) / 1000
	return userOutput{
		Username:             user.Name,
		UserAttributes:       attributes,
		UserCreateDate:       created,
		UserLastModifiedDate: created,
		Enabled:              true,
		UserStatus:           status,
	}, nil
}

// authInput is what InitiateAuth and AdminInitiateAuth take.
type authInput struct {
	AuthFlow       string
	AuthParameters map[string]string
	ClientId       string
	UserPoolId     string
}

// authOutput is what they answer: tokens or a challenge.
type authOutput struct {
	AuthenticationResult *authResult       `json:",omitempty"`
	ChallengeName        string            `json:",omitempty"`
	ChallengeParameters  map[string]string `json:",omitempty"`
	Session              string            `json:",omitempty"`
}

type authResult struct {
	AccessToken  string
	IdToken      string
	RefreshToken string `json:",omitempty"`
	TokenType    string
	ExpiresIn    int
}

func (d *Directory) initiateAuth(input authInput, passwordFlow string) (any, *awsFault) {
	client, ok := d.clients[input.ClientId]
	if !ok {
		return nil, &awsFault{"ResourceNotFoundException", "User pool client " + input.ClientId + " does not exist."}
	}
	switch input.AuthFlow {
	case passwordFlow:
		return d.passwordAuth(client, input.AuthParameters)
	case "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN":
		g, user, err := d.openRefresh(input.AuthParameters["REFRESH_TOKEN"], client.ID)
		if err != nil {
			return nil, faultRefresh
		}
		return d.authTokens(user, g, "")
	}
	return nil, &awsFault{"InvalidParameterException", "Auth flow not enabled for this client"}
}

func (d *Directory) passwordAuth(client Client, parameters map[string]string) (any, *awsFault) {
	name := parameters["USERNAME"]
	if name == "" {
		return nil, &awsFault{"InvalidParameterException", "Missing required parameter USERNAME"}
	}
	user, ok := d.users.find(name)
	if !ok {
		return nil, faultUnknownUser
	}
	// A fictitious user has no hash, which no password fits.
	if bcrypt.CompareHashAndPassword(user.hash, []byte(parameters["PASSWORD"])) != nil {
		return nil, faultPassword
	}
	if user.MustChangePassword {
		return authOutput{
			ChallengeName:       "NEW_PASSWORD_REQUIRED",
			ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": user.Name, "requiredAttributes": "[]", "userAttributes": "{}"},
			Session:             d.config.NewID(),
		}, nil
	}
	g := grant{
		User:     user.Name,
		Client:   client.ID,
		Scope:    scopeUserAdmin,
		SignedIn: d.config.Now().Truncate(time.Second),
		Origin:   d.config.NewID(),
	}
	sealed, err := d.sealRefresh(g)
	if err != nil {
		return nil, &awsFault{"InternalErrorException", "The refresh token could not be made."}
	}
	return d.authTokens(user, g, sealed)
}

func (d *Directory) authTokens(user account, g grant, refresh string) (any, *awsFault) {
	minted, err := d.mint(user, g)
	if err != nil {
		return nil, &awsFault{"InternalErrorException", "The tokens could not be made."}
	}
	return authOutput{AuthenticationResult: &authResult{
		AccessToken:  minted.Access,
		IdToken:      minted.ID,
		RefreshToken: refresh,
		TokenType:    "Bearer",
		ExpiresIn:    int(accessLifetime.Seconds()),
	}, ChallengeParameters: map[string]string{}}, nil
}
