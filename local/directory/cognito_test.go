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

func TestAdminGetUserErrorsHaveSDKTypes(t *testing.T) {
	s := serve(t, t.TempDir())
	var unknown *types.UserNotFoundException
	for _, name := range []string{"unknown", "testuser001@example.com", "TESTUSER001"} {
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

func TestAdminCallsMustBeSigned(t *testing.T) {
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
