package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// domainReader has the operation of Cognito that reads a sign-in domain.
type domainReader interface {
	DescribeUserPoolDomain(context.Context, *cognitoidentityprovider.DescribeUserPoolDomainInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolDomainOutput, error)
}

// signInDomain looks whether another user pool has the prefix of the stack's
// sign-in page. Cognito describes a free one without fields.
func signInDomain(ctx context.Context, w *world) Finding {
	prefix := w.env.SignInPrefix()
	out, err := w.domains.DescribeUserPoolDomain(ctx, &cognitoidentityprovider.DescribeUserPoolDomainInput{Domain: &prefix})
	switch {
	case codeOf(err) == "ResourceNotFoundException":
		return ok("%s is free", prefix)
	case err != nil:
		return unasked("cognito-idp:DescribeUserPoolDomain", err)
	case out.DomainDescription == nil || aws.ToString(out.DomainDescription.Domain) == "":
		return ok("%s is free", prefix)
	}
	pool := aws.ToString(out.DomainDescription.UserPoolId)
	outputs, err := w.outputs()
	switch {
	case err != nil:
		return skip("%s belongs to user pool %s, and the stack's own is unknown (%s)", prefix, pool, oneLine(err))
	case outputs.UserPoolID == pool:
		return ok("%s is the stack's own", prefix)
	}
	return fix(fmt.Sprintf("aws cognito-idp delete-user-pool-domain --domain %s --user-pool-id %s %s", prefix, pool, w.region()),
		"%s belongs to user pool %s, which is not the stack's; if nobody uses it, delete the domain", prefix, pool)
}
