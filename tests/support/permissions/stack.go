package permissions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Names are the names of a stack's resources, read from names.json. Key is
// empty in a stack without its own key.
type Names struct {
	Partition, Region, Account      string
	DataBucket, ModelBucket         string
	Endpoint, UserPool              string
	EmailIdentity, ConfigurationSet string // of SES
	SuccessTopic, ErrorTopic        string
	Key                             string
}

// Stack holds the rights of a stack's programs.
type Stack struct {
	// Name of the folder that it was read from.
	Name  string
	Names Names
	// Environments are the environment variables of each program, by its
	// name.
	Environments map[string]map[string]string
	policies     map[string]*Policy
	deployed     map[string]string // by the name in the tests

	mu   sync.Mutex
	used map[string]bool // grants
}

// Load reads every stack below infra/testdata/rights in a checkout. local are
// the names of the resources in the tests; they are replaced with the stack's
// in every request.
func Load(checkout string, local Names) ([]*Stack, error) {
	folder := filepath.Join(checkout, "infra", "testdata", "rights")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading the stacks' rights: %w", err)
	}
	var stacks []*Stack
	for _, entry := range entries {
		s, err := load(filepath.Join(folder, entry.Name()), local)
		if err != nil {
			return nil, fmt.Errorf("reading the rights of %s: %w", entry.Name(), err)
		}
		stacks = append(stacks, s)
	}
	if len(stacks) < 2 {
		return nil, fmt.Errorf("%s holds %d stacks, want two at least", folder, len(stacks))
	}
	return stacks, nil
}

func load(folder string, local Names) (*Stack, error) {
	s := &Stack{Name: filepath.Base(folder), policies: map[string]*Policy{}, used: map[string]bool{}}
	files, err := fs.Glob(os.DirFS(folder), "*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		switch name := strings.TrimSuffix(file, ".json"); name {
		case "names":
			err = json.Unmarshal(data, &s.Names)
		case "environments":
			err = json.Unmarshal(data, &s.Environments)
		default:
			s.policies[name], err = ParsePolicy(name, data)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	s.deployed = map[string]string{}
	for _, pair := range [][2]string{
		{local.DataBucket, s.Names.DataBucket}, {local.ModelBucket, s.Names.ModelBucket},
		{local.Endpoint, s.Names.Endpoint}, {local.UserPool, s.Names.UserPool}, {local.ConfigurationSet, s.Names.ConfigurationSet},
		{local.SuccessTopic, s.Names.SuccessTopic}, {local.ErrorTopic, s.Names.ErrorTopic},
	} {
		if pair[0] != "" {
			s.deployed[pair[0]] = pair[1]
		}
	}
	for _, want := range []string{"data-bucket", "model-bucket"} {
		if s.policies[want] == nil {
			return nil, fmt.Errorf("there is no policy %s", want)
		}
	}
	if s.Names.DataBucket == "" || s.Names.Account == "" || (s.Names.Key == "") != (s.policies["key"] == nil) {
		return nil, errors.New("the names do not go with the policies")
	}
	return s, nil
}

// Refusal is the error of a role that is not allowed a request.
type Refusal struct {
	Stack, Role string
	Request     Request
	By          *Grant // nil if no grant allows it
}

func (r *Refusal) Error() string {
	why := "nothing in its policy allows it"
	if r.By != nil {
		why = "denied by " + r.By.String()
	}
	context := ""
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for key := range r.Request.Context {
			if !yield(key) {
				return
			}
		}
	}) {
		context += fmt.Sprintf(" %s=%q", key, r.Request.Context[key])
	}
	return fmt.Sprintf("stack %s: role %s may not %s on %s (%s);%s", r.Stack, r.Role, r.Request.Action, r.Request.Resource, why, context)
}

// Allow evaluates requests of a role, records the grants that allow them, and
// returns the first refusal or nil.
func (s *Stack) Allow(role string, requests ...Request) error {
	policy := s.policies[role]
	if policy == nil {
		return fmt.Errorf("stack %s has no role %s", s.Name, role)
	}
	for _, r := range requests {
		decision := Evaluate(r, policy, s.policiesOn(r.Resource)...)
		if !decision.Allowed {
			refusal := &Refusal{Stack: s.Name, Role: role, Request: r}
			if len(decision.Grants) > 0 && decision.Grants[0].Deny {
				refusal.By = &decision.Grants[0]
			}
			return refusal
		}
		s.mu.Lock()
		for _, g := range decision.Grants {
			s.used[g.String()] = true
		}
		s.mu.Unlock()
	}
	return nil
}

// policiesOn returns the policies of a resource.
func (s *Stack) policiesOn(arn string) []*Policy {
	for bucket, policy := range map[string]string{s.Names.DataBucket: "data-bucket", s.Names.ModelBucket: "model-bucket"} {
		if at := s.bucketARN(bucket); arn == at || strings.HasPrefix(arn, at+"/") {
			return []*Policy{s.policies[policy]}
		}
	}
	if s.Names.Key != "" && arn == s.keyARN() {
		return []*Policy{s.policies["key"]}
	}
	return nil
}

// Reason is why a role has rights whose use no test can show.
type Reason struct {
	Role    string // * means every role
	Sid     string // of the statement
	Actions []string
	Why     string // one sentence
}

func (r Reason) covers(role string, g Grant) bool {
	return (r.Role == role || r.Role == "*") && r.Sid == g.Sid && slices.Contains(r.Actions, g.Action) && r.Why != ""
}

// Unused returns the grants of roles that no request has used and no reason
// covers, and the actions of reasons that cover no grant in any stack.
func Unused(stacks []*Stack, roles []string, reasons []Reason) (problems []string) {
	needed := map[string]bool{}
	for _, s := range stacks {
		for _, role := range roles {
			for _, g := range s.policies[role].Grants {
				s.mu.Lock()
				used := s.used[g.String()]
				s.mu.Unlock()
				if used || g.Deny {
					continue
				}
				covered := false
				for i, r := range reasons {
					if r.covers(role, g) {
						covered = true
						needed[fmt.Sprint(i, g.Action)] = true
					}
				}
				if !covered {
					problems = append(problems, fmt.Sprintf("stack %s: no test uses %s", s.Name, g))
				}
			}
		}
	}
	for i, r := range reasons {
		for _, action := range r.Actions {
			if !needed[fmt.Sprint(i, action)] {
				problems = append(problems, fmt.Sprintf("the reason for %s in %s of role %s covers nothing that is unused", action, r.Sid, r.Role))
			}
		}
	}
	return problems
}

// Count returns how many grants a role has, and how many of them requests have
// used.
func (s *Stack) Count(role string) (used, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.policies[role].Grants {
		all++
		if s.used[g.String()] {
			used++
		}
	}
	return used, all
}
