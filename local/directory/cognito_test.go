package directory_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/coreos/go-oidc/v3/oidc"

	"gen3d/local/directory"
)

func (s served) sdk() *idp.Client {
	return idp.New(idp.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(s.issuer + "/cognito-idp"),
		Credentials:  credentials.NewStaticCredentialsProvider("gen3dlocal", "gen3dlocalsecret", ""),
	})
}

func TestAdminGetUserFindsUsersBySub(t *testing.T) {
	s := serve(t, t.TempDir())
	got, err := s.sdk().AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String("testuser003")})
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]string{}
	for _, a := range got.UserAttributes {
		attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	if attributes["sub"] != "testuser003" || attributes["email"] != "testuser003@example.com" || attributes["email_verified"] != "true" {
		t.Errorf("attributes: %v", attributes)
	}
	if !got.Enabled || got.UserStatus != types.UserStatusTypeConfirmed || got.UserCreateDate == nil || aws.ToString(got.Username) != "testuser003" {
		t.Errorf("user: %+v", got)
	}
}

func TestAdminGetUserAnswersFaultsTheSDKKnows(t *testing.T) {
	s := serve(t, t.TempDir())
	var unknown *types.UserNotFoundException
	for _, name := range []string{"somebody", "testuser001@example.com", "TESTUSER001"} {
		_, err := s.sdk().AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String(name)})
		if !errors.As(err, &unknown) || unknown.ErrorMessage() != "User does not exist." {
			t.Errorf("%s: %v", name, err)
		}
	}
	var missing *types.ResourceNotFoundException
	_, err := s.sdk().AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: aws.String("us-east-1_other"), Username: aws.String("testuser001")})
	if !errors.As(err, &missing) {
		t.Errorf("other pool: %v", err)
	}
	var fault smithy.APIError
	_, err = s.sdk().AdminDeleteUser(t.Context(), &idp.AdminDeleteUserInput{UserPoolId: aws.String(poolID), Username: aws.String("testuser001")})
	if !errors.As(err, &fault) || fault.ErrorCode() != "UnknownOperationException" {
		t.Errorf("unknown operation: %v", err)
	}
}

func TestAdministratorsCallsMustBeSigned(t *testing.T) {
	s := serve(t, t.TempDir())
	unsigned := idp.New(idp.Options{Region: "us-east-1", BaseEndpoint: aws.String(s.issuer), Credentials: aws.AnonymousCredentials{}})
	var fault smithy.APIError
	_, err := unsigned.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String("testuser001")})
	if !errors.As(err, &fault) || fault.ErrorCode() != "MissingAuthenticationTokenException" {
		t.Errorf("unsigned: %v", err)
	}
	form := s.do(t, http.MethodPost, s.issuer, nil, map[string]string{
		"X-Amz-Target": "AWSCognitoIdentityProviderService.AdminGetUser", "Content-Type": "text/plain",
	})
	if form.status != http.StatusBadRequest || !strings.Contains(form.body, "SerializationException") {
		t.Errorf("a simple request: %d %s", form.status, form.body)
	}
}

func TestPasswordAuthenticationGivesTokensOrCognitosFaults(t *testing.T) {
	s := serve(t, t.TempDir())
	for _, user := range []directory.User{
		{Name: "secured", Email: "secured@example.com", Password: "right horse"},
		{Name: "fresh", Password: "temporary", MustChangePassword: true},
	} {
		if err := s.Register(user); err != nil {
			t.Fatal(err)
		}
	}
	admin := func(client, user, password string) (*idp.AdminInitiateAuthOutput, error) {
		return s.sdk().AdminInitiateAuth(t.Context(), &idp.AdminInitiateAuthInput{
			AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, UserPoolId: aws.String(poolID), ClientId: aws.String(client),
			AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": password},
		})
	}
	got, err := admin(clientID, "secured", "right horse")
	if err != nil {
		t.Fatal(err)
	}
	access := s.verified(t, aws.ToString(got.AuthenticationResult.AccessToken), &oidc.Config{SkipClientIDCheck: true})
	if access["sub"] != "secured" || access["token_use"] != "access" || access["scope"] != "aws.cognito.signin.user.admin" {
		t.Errorf("access token: %v", access)
	}
	id := s.verified(t, aws.ToString(got.AuthenticationResult.IdToken), &oidc.Config{ClientID: clientID})
	if id["email"] != "secured@example.com" {
		t.Errorf("ID token: %v", id)
	}

	again, err := s.sdk().InitiateAuth(t.Context(), &idp.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeRefreshTokenAuth, ClientId: aws.String(clientID),
		AuthParameters: map[string]string{"REFRESH_TOKEN": aws.ToString(got.AuthenticationResult.RefreshToken)},
	})
	if err != nil || aws.ToString(again.AuthenticationResult.AccessToken) == "" {
		t.Errorf("refreshing: %v", err)
	}
	own, err := s.sdk().InitiateAuth(t.Context(), &idp.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String(clientID),
		AuthParameters: map[string]string{"USERNAME": "secured", "PASSWORD": "right horse"},
	})
	if err != nil || aws.ToInt32(&own.AuthenticationResult.ExpiresIn) != 3600 {
		t.Errorf("signing oneself in: %v", err)
	}

	challenge, err := admin(clientID, "fresh", "temporary")
	if err != nil || challenge.ChallengeName != types.ChallengeNameTypeNewPasswordRequired || aws.ToString(challenge.Session) == "" || challenge.AuthenticationResult != nil {
		t.Errorf("temporary password: %+v %v", challenge, err)
	}

	var (
		denied   *types.NotAuthorizedException
		unknown  *types.UserNotFoundException
		resource *types.ResourceNotFoundException
		flow     *types.InvalidParameterException
	)
	if _, err := admin(clientID, "secured", "wrong"); !errors.As(err, &denied) {
		t.Errorf("wrong password: %v", err)
	}
	if _, err := admin(clientID, "testuser001", ""); !errors.As(err, &denied) {
		t.Errorf("a fictitious user: %v", err)
	}
	if _, err := admin(clientID, "nobody", "x"); !errors.As(err, &unknown) {
		t.Errorf("unknown user: %v", err)
	}
	if _, err := admin("nothing", "secured", "right horse"); !errors.As(err, &resource) {
		t.Errorf("unknown client: %v", err)
	}
	_, err = s.sdk().InitiateAuth(t.Context(), &idp.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserSrpAuth, ClientId: aws.String(clientID), AuthParameters: map[string]string{"USERNAME": "secured"},
	})
	if !errors.As(err, &flow) {
		t.Errorf("another flow: %v", err)
	}
}
