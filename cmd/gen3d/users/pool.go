package users

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"gen3d/cmd/gen3d/target"
)

// Account is a user of the pool.
type Account struct {
	ID       string    `json:"userId"` // the sub, and the name of the user's folders
	Username string    `json:"username"`
	Email    string    `json:"email"`
	Verified bool      `json:"verified"` // Notify mails only to verified addresses
	State    string    `json:"state"`    // such as CONFIRMED or FORCE_CHANGE_PASSWORD
	Enabled  bool      `json:"enabled"`
	Created  time.Time `json:"createdAt"`
}

// Pool is the user pool of a stack.
type Pool struct {
	client *cognitoidentityprovider.Client
	id     string
}

// Open returns the pool of a stack.
func Open(t *target.Target) *Pool {
	return &Pool{client: cognitoidentityprovider.NewFromConfig(t.AWS), id: t.UserPoolID}
}

// ErrNoUser is returned for a user that the pool does not have.
var ErrNoUser = errors.New("the user pool has no such user")

// Find returns the user with an address or ID: both are usernames for Cognito
// in a pool whose users sign in with their address.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
func (p *Pool) Find(ctx context.Context, name string) (Account, error) {
	out, err := p.client.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.id, Username: &name})
	if err != nil {
		return Account{}, fmt.Errorf("looking up user %s: %w", name, classify(err))
	}
	return account(aws.ToString(out.Username), out.UserAttributes, out.UserStatus, out.Enabled, out.UserCreateDate), nil
}

// Attributes returns all attributes of a user.
func (p *Pool) Attributes(ctx context.Context, name string) (map[string]string, error) {
	out, err := p.client.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.id, Username: &name})
	if err != nil {
		return nil, fmt.Errorf("looking up user %s: %w", name, classify(err))
	}
	attributes := map[string]string{}
	for _, a := range out.UserAttributes {
		attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	return attributes, nil
}

func classify(err error) error {
	if missing := (*types.UserNotFoundException)(nil); errors.As(err, &missing) {
		return ErrNoUser
	}
	return err
}

func account(username string, attributes []types.AttributeType, status types.UserStatusType, enabled bool, created *time.Time) Account {
	a := Account{ID: username, Username: username, State: string(status), Enabled: enabled, Created: aws.ToTime(created)}
	for _, attribute := range attributes {
		switch value := aws.ToString(attribute.Value); aws.ToString(attribute.Name) {
		case "sub":
			a.ID = value
		case "email":
			a.Email = value
		case "email_verified":
			a.Verified = value == "true"
		}
	}
	return a
}

// pageLimit is the most that ListUsers returns.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
const pageLimit = 60

// List returns up to limit users whose address begins with prefix, or any, and
// whether there are more.
func (p *Pool) List(ctx context.Context, prefix string, limit int) (found []Account, more bool, err error) {
	in := &cognitoidentityprovider.ListUsersInput{UserPoolId: &p.id, Limit: aws.Int32(pageLimit)}
	if prefix != "" {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(prefix)
		in.Filter = aws.String(`email ^= "` + quoted + `"`)
	}
	pages := cognitoidentityprovider.NewListUsersPaginator(p.client, in)
	for pages.HasMorePages() && len(found) <= limit {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, fmt.Errorf("listing the users of pool %s: %w", p.id, err)
		}
		for _, u := range page.Users {
			found = append(found, account(aws.ToString(u.Username), u.Attributes, u.UserStatus, u.Enabled, u.UserCreateDate))
		}
	}
	more = len(found) > limit || pages.HasMorePages()
	found = found[:min(len(found), limit)]
	slices.SortStableFunc(found, func(a, b Account) int { return strings.Compare(a.Email, b.Email) })
	return found, more, nil
}
