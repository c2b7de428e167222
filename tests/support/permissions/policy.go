package permissions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Policy is an IAM policy as a list of grants.
type Policy struct {
	// Name of the file that it was read from, without its extension.
	Name   string
	Grants []Grant
}

// Grant is the smallest part of a policy: one action on one resource with one
// value for each condition. A statement has a grant for each combination of its
// lists' elements, because every list means "any of".
type Grant struct {
	Policy, Sid      string
	Deny             bool
	Action, Resource string // can contain * and ?
	Principal        Principal
	Conditions       []Condition // all must be true
}

// Principal is the principal of a grant in a resource's policy. It is empty in
// the policy of a role.
type Principal struct {
	Everyone bool
	Account  string // ARN
	Service  string // such as sns.amazonaws.com
}

// Condition compares a key of the request with a value.
type Condition struct{ Operator, Key, Value string }

// String identifies a grant within its policy.
func (g Grant) String() string {
	text := fmt.Sprintf("%s: %s: %s on %s", g.Policy, g.Sid, g.Action, g.Resource)
	for _, c := range g.Conditions {
		text += fmt.Sprintf(" if %s %s %s", c.Key, c.Operator, c.Value)
	}
	return text
}

// list is a string or an array of strings.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

type statement struct {
	Sid, Effect      string
	Action, Resource list
	Principal        json.RawMessage
	Condition        map[string]map[string]list
}

// ParsePolicy parses a policy. It returns an error for elements that this
// package cannot evaluate (NotAction, an unknown operator or condition key, a
// policy variable), since ignoring them would invalidate the check.
func ParsePolicy(name string, data []byte) (*Policy, error) {
	var document struct {
		Version   string
		ID        string `json:"Id"`
		Statement []statement
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", name, err)
	}
	if document.Version != "2012-10-17" || len(document.Statement) == 0 {
		return nil, fmt.Errorf("policy %s has version %q and %d statements; want 2012-10-17 and one at least", name, document.Version, len(document.Statement))
	}
	p := &Policy{Name: name}
	for _, s := range document.Statement {
		grants, err := s.grants(name)
		if err != nil {
			return nil, fmt.Errorf("policy %s, statement %s: %w", name, s.Sid, err)
		}
		p.Grants = append(p.Grants, grants...)
	}
	return p, nil
}

func (s statement) grants(policy string) ([]Grant, error) {
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return nil, fmt.Errorf("the effect is %q", s.Effect)
	}
	if len(s.Action) == 0 || len(s.Resource) == 0 {
		return nil, errors.New("there is no action or no resource")
	}
	principals, err := s.principals()
	if err != nil {
		return nil, err
	}
	conditions, err := s.conditions()
	if err != nil {
		return nil, err
	}
	var grants []Grant
	for _, action := range s.Action {
		for _, on := range s.Resource {
			if strings.Contains(on, "${") {
				return nil, fmt.Errorf("the resource %s holds a policy variable, which is not supported here", on)
			}
			for _, principal := range principals {
				for _, together := range conditions {
					grants = append(grants, Grant{
						Policy: policy, Sid: s.Sid, Deny: s.Effect == "Deny",
						Action: action, Resource: on, Principal: principal, Conditions: together,
					})
				}
			}
		}
	}
	return grants, nil
}

func (s statement) principals() ([]Principal, error) {
	if len(s.Principal) == 0 {
		return []Principal{{}}, nil
	}
	if string(s.Principal) == `"*"` {
		return []Principal{{Everyone: true}}, nil
	}
	var kinds map[string]list
	if err := json.Unmarshal(s.Principal, &kinds); err != nil {
		return nil, fmt.Errorf("reading the principal: %w", err)
	}
	var principals []Principal
	for kind, names := range kinds {
		for _, name := range names {
			switch kind {
			case "AWS":
				principals = append(principals, Principal{Account: name, Everyone: name == "*"})
			case "Service":
				principals = append(principals, Principal{Service: name})
			default:
				return nil, fmt.Errorf("the kind of principal %s is not supported here", kind)
			}
		}
	}
	return principals, nil
}

// keys are the condition keys that requests have here, or that only an AWS
// service sends. An unknown key would never match, so a Deny with it would have
// no effect.
var keys = []string{
	"aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "cloudwatch:namespace",
	"kms:EncryptionContext:aws:logs:arn", "s3:prefix", "ses:FromAddress",
}

// conditions returns all combinations of one value for each key.
func (s statement) conditions() ([][]Condition, error) {
	combinations := [][]Condition{nil}
	for operator, byKey := range s.Condition {
		if operators[operator] == nil {
			return nil, fmt.Errorf("the operator %s is not supported here; add it to operators", operator)
		}
		for key, values := range byKey {
			if !slices.ContainsFunc(keys, func(known string) bool { return strings.EqualFold(known, key) }) {
				return nil, fmt.Errorf("the condition key %s is not supported here; add it to keys, and to the requests that carry it", key)
			}
			var longer [][]Condition
			for _, value := range values {
				if strings.Contains(value, "${") {
					return nil, fmt.Errorf("the value %s holds a policy variable, which is not supported here", value)
				}
				for _, c := range combinations {
					longer = append(longer, append(slices.Clone(c), Condition{operator, key, value}))
				}
			}
			combinations = longer
		}
	}
	for _, c := range combinations {
		slices.SortFunc(c, func(a, b Condition) int { return strings.Compare(a.Key+a.Operator, b.Key+b.Operator) })
	}
	return combinations, nil
}
