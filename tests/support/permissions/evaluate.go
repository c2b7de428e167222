package permissions

import (
	"strings"
)

// Request is a request to IAM's policy evaluation. An HTTP request can require
// several.
type Request struct {
	Action   string // such as s3:GetObject
	Resource string // ARN
	// Context holds the request's condition keys, in lowercase.
	Context map[string]string
}

// Decision is the result of an evaluation.
type Decision struct {
	Allowed bool
	// Grants are all grants that allow the request, or the first that
	// denies it. They are empty if no grant allows it.
	Grants []Grant
}

// Evaluate decides whether a role is allowed a request: no policy denies it,
// and one of the role's policies allows it. onResource are the policies of the
// resource. The policy of a key must allow the request too, because otherwise
// the role's policy has no effect on the key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func Evaluate(r Request, role *Policy, onResource ...*Policy) Decision {
	for _, policy := range append([]*Policy{role}, onResource...) {
		for _, g := range policy.Grants {
			if g.Deny && g.matches(r) {
				return Decision{Grants: []Grant{g}}
			}
		}
	}
	var d Decision
	for _, g := range role.Grants {
		if !g.Deny && g.matches(r) {
			d.Grants = append(d.Grants, g)
		}
	}
	d.Allowed = len(d.Grants) > 0
	if strings.HasPrefix(r.Action, "kms:") {
		delegated := false
		for _, policy := range onResource {
			for _, g := range policy.Grants {
				delegated = delegated || !g.Deny && g.matches(r)
			}
		}
		d.Allowed = d.Allowed && delegated
	}
	return d
}

// matches reports whether the grant applies to a request of a role of the
// account. Grants to services do not.
func (g Grant) matches(r Request) bool {
	if g.Principal.Service != "" || !matchAction(g.Action, r.Action) || !matchARN(g.Resource, r.Resource) {
		return false
	}
	if account := g.Principal.Account; account != "" && !g.Principal.Everyone && !strings.HasSuffix(account, ":root") {
		return false
	}
	for _, c := range g.Conditions {
		given, ok := r.Context[strings.ToLower(c.Key)]
		// If the key is missing, each of the operators below is false.
		if !ok || !operators[c.Operator](c.Value, given) {
			return false
		}
	}
	return true
}

// operators compare a policy's value with the request's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]func(wanted, given string) bool{
	"StringEquals": func(wanted, given string) bool { return wanted == given },
	"StringLike":   matchText,
	"Bool":         strings.EqualFold,
	"ArnEquals":    matchARN, // the same as ArnLike
	"ArnLike":      matchARN,
}

func matchAction(pattern, action string) bool {
	return matchText(strings.ToLower(pattern), strings.ToLower(action))
}

// matchARN compares the six parts of an ARN separately: a wildcard matches a
// colon only in the last part.
func matchARN(pattern, arn string) bool {
	if pattern == "*" {
		return true
	}
	const parts = 6
	wanted, given := strings.SplitN(pattern, ":", parts), strings.SplitN(arn, ":", parts)
	if len(wanted) != parts || len(given) != parts {
		return false
	}
	for i := range wanted {
		if !matchText(wanted[i], given[i]) {
			return false
		}
	}
	return true
}

// matchText matches text with a pattern in which * stands for any number of
// characters and ? for one.
func matchText(pattern, text string) bool {
	p, s := []rune(pattern), []rune(text)
	star, mark := -1, 0 // the last *, and where in s its match begins
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
