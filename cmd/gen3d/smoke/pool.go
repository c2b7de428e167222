package smoke

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/job"
)

// nameAttribute has the label of a user that a run has made. Users can be
// searched by it.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
const nameAttribute = "name"

// simulator is SES's mailbox simulator, which accepts every mail, also from an
// account in the sandbox. It supports labels after a plus sign.
// https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
const simulator = "success+%s@simulator.amazonses.com"

// users makes two users with verified addresses and removes those that killed
// runs have left, with their files.
func (s *stack) users(ctx context.Context, r *run) (string, error) {
	removed, err := s.removeLeftOver(ctx, r)
	if err != nil {
		return "", err
	}
	r.a = &user{label: "user A", email: fmt.Sprintf(simulator, r.label+"-a")}
	r.b = &user{label: "user B", email: fmt.Sprintf(simulator, r.label+"-b")}
	if s.inbox.address != "" {
		r.a.email = s.inbox.address
	}
	for _, u := range []*user{r.a, r.b} {
		if err := s.makeUser(ctx, r, u); err != nil {
			return "", err
		}
	}
	if removed > 0 {
		return "2 made, " + count(removed, "user") + " of an earlier run removed", nil
	}
	return "2 made", nil
}

// makeUser makes a user without a mail, and gives it a permanent password.
func (s *stack) makeUser(ctx context.Context, r *run, u *user) error {
	u.password = "aA1!" + rand.Text() // lower case, upper case, digit and symbol
	r.secrets.add(u.password)
	r.secrets.add(u.email)
	// Also after an interruption the answer tells which user to remove.
	output, err := s.cognito.AdminCreateUser(context.WithoutCancel(ctx), &idp.AdminCreateUserInput{
		UserPoolId: &s.outputs.PoolID, Username: &u.email, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			attribute("email", u.email), attribute("email_verified", "true"), attribute(nameAttribute, r.label),
		},
	})
	var exists *types.UsernameExistsException
	if errors.As(err, &exists) {
		return &mismatch{"to make " + u.label, "the user pool has a user with the address of --inbox-address", "delete that user, or give another address"}
	}
	if err != nil {
		return &mismatch{"to make " + u.label, err.Error(), "the credentials need cognito-idp:AdminCreateUser on the user pool"}
	}
	u.name = aws.ToString(output.User.Username)
	u.id = sub(output.User.Attributes)
	s.made = append(s.made, u)
	_, err = s.cognito.AdminSetUserPassword(ctx, &idp.AdminSetUserPasswordInput{
		UserPoolId: &s.outputs.PoolID, Username: &u.name, Password: &u.password, Permanent: true,
	})
	if err != nil {
		return &mismatch{"a password for " + u.label, err.Error(), "the credentials need cognito-idp:AdminSetUserPassword on the user pool"}
	}
	return nil
}

func attribute(name, value string) types.AttributeType {
	return types.AttributeType{Name: &name, Value: &value}
}

// sub returns the attribute that names a user's folder.
func sub(attributes []types.AttributeType) string { return value(attributes, "sub") }

func value(attributes []types.AttributeType, name string) string {
	for _, a := range attributes {
		if aws.ToString(a.Name) == name {
			return aws.ToString(a.Value)
		}
	}
	return ""
}

// removeLeftOver removes the users whose run has ended by now, and returns their
// number.
func (s *stack) removeLeftOver(ctx context.Context, r *run) (int, error) {
	removed := 0
	pages := idp.NewListUsersPaginator(s.cognito, &idp.ListUsersInput{
		UserPoolId: &s.outputs.PoolID, Filter: aws.String(nameAttribute + ` ^= "` + labelPrefix + `"`),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return removed, &mismatch{"a list of earlier users", err.Error(), "the credentials need cognito-idp:ListUsers on the user pool"}
		}
		for _, found := range page.Users {
			if !leftOver(value(found.Attributes, nameAttribute), time.Now()) {
				continue
			}
			if _, err := s.removeUser(ctx, r, aws.ToString(found.Username), sub(found.Attributes)); err != nil {
				return removed, err
			}
			removed++
		}
	}
	return removed, nil
}

// erase removes the users of the run with their files.
func (s *stack) erase(ctx context.Context, r *run) (string, error) {
	var failed []error
	versions := 0
	for _, u := range s.made {
		n, err := s.removeUser(ctx, r, u.name, u.id)
		versions += n
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return "", fmt.Errorf("%w; the next run removes what is left", err)
	}
	return fmt.Sprintf("%s and %s removed", count(len(s.made), "user"), count(versions, "version")+" of files"), nil
}

// removeUser deletes a user's files with all versions, then the user, so that an
// interrupted removal can be repeated. It returns the number of versions.
func (s *stack) removeUser(ctx context.Context, r *run, name, id string) (versions int, err error) {
	if job.ValidUser(id) {
		for _, prefix := range []string{job.UsersPrefix + id + "/", job.PendingUserPrefix(id)} {
			n, err := eraseVersions(ctx, r.store, r.bucket, prefix)
			versions += n
			if err != nil {
				return versions, err
			}
		}
	}
	_, err = s.cognito.AdminDeleteUser(ctx, &idp.AdminDeleteUserInput{UserPoolId: &s.outputs.PoolID, Username: &name})
	var gone *types.UserNotFoundException
	if err != nil && !errors.As(err, &gone) {
		return versions, fmt.Errorf("deleting a user of pool %s: %w", s.outputs.PoolID, err)
	}
	return versions, nil
}

// eraseVersions deletes all versions and delete markers under a prefix.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func eraseVersions(ctx context.Context, client *s3.Client, bucket, prefix string) (int, error) {
	erased := 0
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return erased, fmt.Errorf("listing the versions under %s: %w; the credentials need s3:ListBucketVersions", prefix, err)
		}
		var batch []s3types.ObjectIdentifier
		for _, v := range page.Versions {
			batch = append(batch, s3types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, marker := range page.DeleteMarkers {
			batch = append(batch, s3types.ObjectIdentifier{Key: marker.Key, VersionId: marker.VersionId})
		}
		if len(batch) == 0 {
			continue
		}
		// A page has at most 1,000, the limit of a DeleteObjects request.
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &s3types.Delete{Objects: batch, Quiet: aws.Bool(true)}})
		if err != nil {
			return erased, fmt.Errorf("deleting the versions under %s: %w; the credentials need s3:DeleteObjectVersion", prefix, err)
		}
		if len(out.Errors) > 0 {
			return erased, fmt.Errorf("deleting %s: S3 answered %s", aws.ToString(out.Errors[0].Key), aws.ToString(out.Errors[0].Code))
		}
		erased += len(batch)
	}
	return erased, nil
}
