package signin_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"gen3d/cmd/gen3d/signin"
)

// pool implements AdminInitiateAuth with its documented errors and challenge,
// in Cognito's order: the pool, the client, the user.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html
type pool struct{}

func (pool) AdminInitiateAuth(_ context.Context, in *idp.AdminInitiateAuthInput, _ ...func(*idp.Options)) (*idp.AdminInitiateAuthOutput, error) {
	switch {
	case aws.ToString(in.UserPoolId) != "us-east-1_AbC", aws.ToString(in.ClientId) != "page":
		return nil, &types.ResourceNotFoundException{Message: aws.String("User pool client does not exist.")}
	case in.AuthFlow != types.AuthFlowTypeAdminUserPasswordAuth:
		return nil, &types.InvalidParameterException{Message: aws.String("Auth flow not enabled for this client")}
	}
	user, password := in.AuthParameters["USERNAME"], in.AuthParameters["PASSWORD"]
	switch user {
	case "unknown":
		return nil, &types.UserNotFoundException{Message: aws.String("User does not exist.")}
	case "unconfirmed":
		return nil, &types.UserNotConfirmedException{Message: aws.String("User is not confirmed.")}
	case "reset":
		return nil, &types.PasswordResetRequiredException{Message: aws.String("Password reset required for the user")}
	case "fresh":
		return &idp.AdminInitiateAuthOutput{ChallengeName: types.ChallengeNameTypeNewPasswordRequired, Session: aws.String("s")}, nil
	case "second-factor":
		return &idp.AdminInitiateAuthOutput{ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, Session: aws.String("s")}, nil
	case "throttled":
		return nil, &types.TooManyRequestsException{Message: aws.String("Rate exceeded")}
	}
	if password != "right horse" {
		return nil, &types.NotAuthorizedException{Message: aws.String("Incorrect username or password.")}
	}
	return &idp.AdminInitiateAuthOutput{AuthenticationResult: &types.AuthenticationResultType{
		AccessToken: aws.String("access of " + user), IdToken: aws.String("id of " + user),
	}}, nil
}

func TestCognitoSignsInOrExplainsTheError(t *testing.T) {
	access, err := signin.Cognito(t.Context(), pool{}, "us-east-1_AbC", "page", "secured", "right horse")
	if err != nil || access != "access of secured" {
		t.Errorf("the token is %q (%v)", access, err)
	}
	for name, test := range map[string]struct{ pool, client, user, password, want string }{
		"temporary password": {"us-east-1_AbC", "page", "fresh", "pw-of-fresh", "NEW_PASSWORD_REQUIRED"},
		"second factor":      {"us-east-1_AbC", "page", "second-factor", "right horse", "SOFTWARE_TOKEN_MFA"},
		"wrong password":     {"us-east-1_AbC", "page", "secured", "pw-no-good", "the user name or the password is wrong"},
		"unknown user":       {"us-east-1_AbC", "page", "unknown", "pw-of-unknown", "the user name or the password is wrong"},
		"unconfirmed user":   {"us-east-1_AbC", "page", "unconfirmed", "right horse", "sign in on the web page first"},
		"password reset":     {"us-east-1_AbC", "page", "reset", "right horse", "the password must be reset"},
		"unknown pool":       {"us-east-1_x", "page", "secured", "right horse", "check the AWS profile and the stack"},
		"unknown client":     {"us-east-1_AbC", "x", "secured", "right horse", "check the AWS profile and the stack"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signin.Cognito(t.Context(), pool{}, test.pool, test.client, test.user, test.password)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), test.password) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	_, err = signin.Cognito(t.Context(), pool{}, "us-east-1_AbC", "page", "throttled", "right horse")
	if throttled := (*types.TooManyRequestsException)(nil); !errors.As(err, &throttled) {
		t.Errorf("another error is %v", err)
	}
}
