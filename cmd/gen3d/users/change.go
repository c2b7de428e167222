package users

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// New is a user to add.
type New struct {
	Address string
	Silent  bool   // without a mail
	Again   bool   // mail the invitation of an existing user again
	Name    string // the attribute name; may be empty
	// Password is the permanent password of a silent one. If it is empty, a
	// temporary one is made.
	Password string
}

// Added is a new user.
type Added struct {
	Account
	Temporary string `json:"temporaryPassword,omitempty"` // if it was not mailed
}

// ErrExists is returned for a user that the pool has already.
var ErrExists = errors.New("the user exists")

// Attributes are those of a new user with an address, which counts as verified,
// so that Notify mails to it.
func Attributes(address string) []types.AttributeType {
	return []types.AttributeType{
		{Name: aws.String(EmailAttribute), Value: &address},
		{Name: aws.String("email_verified"), Value: aws.String("true")},
	}
}

// Add creates a user. With an error, the result has the user's Username if the
// user was created nevertheless.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (p *Pool) Add(ctx context.Context, n New) (Added, error) {
	in := &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &p.id, Username: &n.Address, UserAttributes: Attributes(n.Address),
		DesiredDeliveryMediums: []types.DeliveryMediumType{types.DeliveryMediumTypeEmail},
	}
	if n.Name != "" {
		in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: aws.String(NameAttribute), Value: &n.Name})
	}
	var made Added
	switch {
	case n.Silent:
		in.MessageAction, in.DesiredDeliveryMediums = types.MessageActionTypeSuppress, nil
		if n.Password == "" {
			made.Temporary = password()
			in.TemporaryPassword = &made.Temporary
		}
	case n.Again:
		in.MessageAction = types.MessageActionTypeResend
	}
	out, err := p.client.AdminCreateUser(ctx, in)
	if exists := (*types.UsernameExistsException)(nil); errors.As(err, &exists) {
		return Added{}, ErrExists
	}
	if err != nil {
		return Added{}, fmt.Errorf("adding user %s: %w", n.Address, classify(err))
	}
	u := out.User
	made.Account = account(aws.ToString(u.Username), u.Attributes, u.UserStatus, u.Enabled, u.UserCreateDate)
	if n.Silent && n.Password != "" {
		_, err := p.client.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
			UserPoolId: &p.id, Username: u.Username, Password: &n.Password, Permanent: true,
		})
		if err != nil {
			return made, fmt.Errorf("setting the password of user %s (the user is added; remove it before you try again): %w", n.Address, err)
		}
		made.State = string(types.UserStatusTypeConfirmed)
	}
	return made, nil
}

// password returns a random password. The end satisfies the pool's policy.
func password() string { return rand.Text() + "-a2" }

// Delete removes a user from the pool.
func (p *Pool) Delete(ctx context.Context, username string) error {
	_, err := p.client.AdminDeleteUser(ctx, &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &p.id, Username: &username})
	if err != nil {
		return fmt.Errorf("removing user %s: %w", username, classify(err))
	}
	return nil
}

// Disable ends the user's sessions and lets the user sign in no more. Access
// tokens that were issued stay valid until they expire, at most an hour later.
func (p *Pool) Disable(ctx context.Context, username string) error {
	if _, err := p.client.AdminDisableUser(ctx, &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: &p.id, Username: &username}); err != nil {
		return fmt.Errorf("disabling user %s: %w", username, classify(err))
	}
	if _, err := p.client.AdminUserGlobalSignOut(ctx, &cognitoidentityprovider.AdminUserGlobalSignOutInput{UserPoolId: &p.id, Username: &username}); err != nil {
		return fmt.Errorf("signing user %s out: %w", username, classify(err))
	}
	return nil
}
