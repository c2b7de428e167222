package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"gen3d/cmd/gen3d/signin"
)

// passwordVariable is the environment variable with the password of a stack's
// user: an argument would be visible in the list of processes.
const passwordVariable = "GEN3D_PASSWORD"

type tokenCommand struct {
	User  string `required:"" help:"User of the token: testuser001 to testuser003 locally, a user of the pool in a stack."`
	Stack string `help:"Take the token from this Pulumi stack's user pool. The password is read from GEN3D_PASSWORD, the AWS credentials as by the AWS CLI."`
	URL   string `default:"http://127.0.0.1:8080" name:"url" help:"Where gen3d local runs; without --stack."`
}

// Run prints only the token, for use in a shell.
func (c *tokenCommand) Run(ctx context.Context, stdout io.Writer) error {
	obtain := c.local
	if c.Stack != "" {
		obtain = c.stack
	}
	text, err := obtain(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, text)
	return err
}

func (c *tokenCommand) local(ctx context.Context) (string, error) {
	return signin.Local(ctx, c.URL, c.User)
}

func (c *tokenCommand) stack(ctx context.Context) (string, error) {
	password := os.Getenv(passwordVariable)
	if password == "" {
		return "", fmt.Errorf("set %s to the password of %s in stack %s", passwordVariable, c.User, c.Stack)
	}
	stack, err := signin.ReadStack(ctx, "", c.Stack)
	if err != nil {
		return "", err
	}
	aws, err := config.LoadDefaultConfig(ctx, config.WithRegion(stack.Region))
	if err != nil {
		return "", fmt.Errorf("reading the AWS configuration: %w", err)
	}
	client := cognitoidentityprovider.NewFromConfig(aws)
	return signin.Cognito(ctx, client, stack.UserPoolID, stack.ClientID, c.User, password)
}
