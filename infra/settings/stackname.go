package settings

import (
	"fmt"
	"regexp"
	"strings"
)

// stackPattern keeps the names that are made of a stack's name valid: those of
// buckets allow lower-case letters, digits and hyphens, and the longest of a role
// has 64 characters.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
var stackPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`)

// reservedWords may not be in the prefix of the sign-in page's host name.
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
var reservedWords = []string{"aws", "amazon", "cognito"}

// CheckStackName returns why AWS would refuse the names that are made of a
// stack's name, or nil.
func CheckStackName(stack string) error {
	if !stackPattern.MatchString(stack) {
		return fmt.Errorf("the stack's name %q is part of the names of buckets and roles; take 1 to 20 lower-case letters, digits and hyphens, such as dev", stack)
	}
	for _, word := range reservedWords {
		if strings.Contains(stack, word) {
			return fmt.Errorf("the stack's name %q has the word %q, which Amazon Cognito refuses in the name of the sign-in page's host; take another, such as dev", stack, word)
		}
	}
	return nil
}
