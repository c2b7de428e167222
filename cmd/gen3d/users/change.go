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

// invitation is a user to add.
type invitation struct {
	address  string
	silent   bool   // without a mail
	again    bool   // of an existing user
	password string // of a silent one; empty: a temporary one is made
}

// added is a new user. temporary is the password that nobody was mailed.
type added struct {
	Account
	temporary string
}

// errExists is returned for a user that the pool has already.
var errExists = errors.New("the user exists")

// add creates a user whose address counts as verified, so that Notify mails to
// it.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (p *Pool) add(ctx context.Context, i invitation) (added, error) {
	in := &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId: &p.id, Username: &i.address,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: &i.address},
			{Name: aws.String("email_verified"), Value: aws.String("true")},
		},
		DesiredDeliveryMediums: []types.DeliveryMediumType{types.DeliveryMediumTypeEmail},
	}
	var made added
	switch {
	case i.silent:
		in.MessageAction, in.DesiredDeliveryMediums = types.MessageActionTypeSuppress, nil
		if i.password == "" {
			made.temporary = password()
			in.TemporaryPassword = &made.temporary
		}
	case i.again:
		in.MessageAction = types.MessageActionTypeResend
	}
	out, err := p.client.AdminCreateUser(ctx, in)
	if exists := (*types.UsernameExistsException)(nil); errors.As(err, &exists) {
		return added{}, errExists
	}
	if err != nil {
		return added{}, fmt.Errorf("adding user %s: %w", i.address, classify(err))
	}
	u := out.User
	made.Account = account(aws.ToString(u.Username), u.Attributes, u.UserStatus, u.Enabled, u.UserCreateDate)
	if i.silent && i.password != "" {
		_, err := p.client.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
			UserPoolId: &p.id, Username: u.Username, Password: &i.password, Permanent: true,
		})
		if err != nil {
			return added{}, fmt.Errorf("setting the password of user %s (the user is added; remove it before you try again): %w", i.address, err)
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
