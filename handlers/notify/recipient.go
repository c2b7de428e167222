package notify

import (
	"context"
	"errors"
	"fmt"
	"net/mail"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"gen3d/handlers/notify/email"
)

// Users reads the user directory. *cognitoidentityprovider.Client implements
// it.
type Users interface {
	AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminGetUserOutput, error)
}

// address returns the user's mail address. If there is none that can be used,
// it is empty, and the reason says why. AdminGetUser accepts the sub as the
// Username of a local user.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
func (h *Handler) address(ctx context.Context, user string) (string, email.Reason, error) {
	out, err := h.users.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{
		UserPoolId: &h.config.UserPoolID, Username: &user,
	})
	var unknown *types.UserNotFoundException
	if errors.As(err, &unknown) {
		return "", email.UserUnknown, nil
	}
	if err != nil {
		return "", "", fmt.Errorf("reading the address of user %s in the user directory: %w", user, err)
	}
	attributes := map[string]string{}
	for _, a := range out.UserAttributes {
		attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	// ParseAddress also refuses addresses that would inject a header.
	parsed, err := mail.ParseAddress(attributes["email"])
	if err != nil || parsed.Address != attributes["email"] {
		return "", email.NoAddress, nil
	}
	if attributes["email_verified"] != "true" {
		return "", email.AddressUnverified, nil
	}
	return parsed.Address, "", nil
}
