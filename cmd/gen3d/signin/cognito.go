// Package signin obtains access tokens for curl. [Local] signs in to the local
// user directory and [Cognito] to a stack's user pool, whose ids [ReadStack]
// reads.
package signin

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Authenticator has the Cognito client's operation that [Cognito] calls.
type Authenticator interface {
	AdminInitiateAuth(context.Context, *idp.AdminInitiateAuthInput, ...func(*idp.Options)) (*idp.AdminInitiateAuthOutput, error)
}

// Cognito signs user in to a user pool with a password and returns an access
// token. The caller's AWS credentials must allow
// cognito-idp:AdminInitiateAuth on the pool, and the app client the flow
// ALLOW_ADMIN_USER_PASSWORD_AUTH. The scope of such a token is
// aws.cognito.signin.user.admin alone.
//
// A sign-in with a further step (a new password, a second factor) returns an
// error that names it.
func Cognito(ctx context.Context, client Authenticator, poolID, clientID, user, password string) (string, error) {
	output, err := client.AdminInitiateAuth(ctx, &idp.AdminInitiateAuthInput{
		AuthFlow:       types.AuthFlowTypeAdminUserPasswordAuth,
		UserPoolId:     aws.String(poolID),
		ClientId:       aws.String(clientID),
		AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": password},
	})
	if err != nil {
		return "", fmt.Errorf("signing %s in to user pool %s: %w", user, poolID, explain(err))
	}
	if output.ChallengeName != "" {
		return "", fmt.Errorf("signing %s in to user pool %s: %s", user, poolID, nextStep(output.ChallengeName))
	}
	if output.AuthenticationResult == nil || aws.ToString(output.AuthenticationResult.AccessToken) == "" {
		return "", fmt.Errorf("signing %s in to user pool %s: Cognito answered without a token", user, poolID)
	}
	return aws.ToString(output.AuthenticationResult.AccessToken), nil
}

func nextStep(challenge types.ChallengeNameType) string {
	if challenge == types.ChallengeNameTypeNewPasswordRequired {
		return "the password is a temporary one (NEW_PASSWORD_REQUIRED); sign in once on the web page and choose a new one, then try again"
	}
	return fmt.Sprintf("the user pool asks for a further step (%s) that only the web page supports; use a user without it", challenge)
}

// explain adds advice to the errors that the user can fix.
func explain(err error) error {
	var (
		denied      *types.NotAuthorizedException
		unknown     *types.UserNotFoundException
		unconfirmed *types.UserNotConfirmedException
		reset       *types.PasswordResetRequiredException
		parameter   *types.InvalidParameterException
		missing     *types.ResourceNotFoundException
	)
	var advice string
	switch {
	case errors.As(err, &denied), errors.As(err, &unknown):
		advice = "the user name or the password is wrong"
	case errors.As(err, &unconfirmed):
		advice = "the user has not confirmed the address yet; sign in on the web page first"
	case errors.As(err, &reset):
		advice = "the password must be reset; do so on the web page first"
	case errors.As(err, &parameter):
		advice = "the app client must allow the flow ALLOW_ADMIN_USER_PASSWORD_AUTH"
	case errors.As(err, &missing):
		advice = "there is no such pool or client in this account and region; check the AWS profile and the stack"
	default:
		return err
	}
	return fmt.Errorf("%s (%w)", advice, err)
}
