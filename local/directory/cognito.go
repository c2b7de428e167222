package directory

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
)

// targetPrefix is the service's name in the X-Amz-Target header of its JSON 1.1
// protocol.
const targetPrefix = "AWSCognitoIdentityProviderService."

// awsFault is an error of the Cognito API: the exception's name and message,
// equal to Cognito's where it has them.
type awsFault struct {
	name, message string
}

func (f *awsFault) Error() string { return f.name + ": " + f.message }

var (
	faultUnsigned    = &awsFault{"MissingAuthenticationTokenException", "Missing Authentication Token"}
	faultBody        = &awsFault{"SerializationException", "The request is not a JSON document of this operation."}
	faultUnknownUser = &awsFault{"UserNotFoundException", "User does not exist."}
)

// cognito serves one call of the Cognito identity provider API.
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
	// An error means that the client has disconnected.
	_ = json.NewEncoder(w).Encode(answer)
}

// call dispatches the operation. Administrators' operations must be signed, as
// on AWS; the signature is not verified, but the check detects a client without
// credentials and stops pages of other origins.
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
	}
	return nil, &awsFault{"UnknownOperationException", "The local directory does not support the operation " + operation + "."}
}

func (d *Directory) checkPool(id string) *awsFault {
	if id != d.config.PoolID {
		return &awsFault{"ResourceNotFoundException", "User pool " + id + " does not exist."}
	}
	return nil
}

// attribute is Cognito's AttributeType.
type attribute struct{ Name, Value string }

// userOutput is the response of AdminGetUser; dates are seconds since 1970.
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
	created := float64(user.created.UnixMilli()) / 1000
	return userOutput{
		Username:             user.Name,
		UserAttributes:       attributes,
		UserCreateDate:       created,
		UserLastModifiedDate: created,
		Enabled:              true,
		UserStatus:           "CONFIRMED",
	}, nil
}
