package functions_test

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"sync"

	"gen3d/local/objectstore"
	"gen3d/tests/support/permissions"
	"gen3d/tests/support/s3test"
)

// stacks are the rights of the functions in each of the recorded stacks.
var stacks []*permissions.Stack

// guards are all guards of the test run.
var guards struct {
	sync.Mutex
	all []*permissions.Guard
}

func loadStacks() (err error) {
	stacks, err = permissions.Load("../..", permissions.Names{
		DataBucket: s3test.Bucket, ModelBucket: objectstore.ModelBucket,
		Endpoint: endpointName, UserPool: userPoolID, ConfigurationSet: configurationSet,
	})
	return err
}

// guarded starts a guard with the rights of a function in front of a gate, and
// returns the URL that the function calls. URLs that the function presigns lead
// there as well, and need its rights.
func (w *world) guarded(function string, g *gate) string {
	guard := &permissions.Guard{Role: function, Stacks: stacks, AWS: g, Refused: func(err error) { w.Error(err) }}
	server := httptest.NewServer(guard)
	w.Cleanup(server.Close)
	guards.Lock()
	defer guards.Unlock()
	guards.all = append(guards.all, guard)
	return server.URL
}

// unseen are the rights that Lambda itself uses for a function.
var unseen = []permissions.Reason{
	{Role: "*", Sid: "WriteLog", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Why: "Lambda writes what the function prints."},
	{Role: "*", Sid: "HandOverFailedEvents", Actions: []string{"sqs:SendMessage"}, Why: "Lambda hands over an event that failed every retry."},
	{Role: "*", Sid: "AnyResourceNetworkInterface", Why: "Lambda joins the function to the VPC.", Actions: []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}},
}

// checkRights checks, after a run of all tests, whether the functions have used
// all their rights. It returns the number of unused ones.
func checkRights() int {
	functions := []string{"extract", "notify", "api", "sweep"}
	guards.Lock()
	defer guards.Unlock()
	for _, function := range functions {
		requests := int64(0)
		for _, g := range guards.all {
			if g.Role == function {
				requests += g.Judged()
			}
		}
		for _, s := range stacks {
			used, all := s.Count(function)
			fmt.Printf("%s in stack %s: %d requests, which used %d of %d rights\n", function, s.Name, requests, used, all)
		}
	}
	problems := permissions.Unused(stacks, functions, unseen)
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	return len(problems)
}

// allTestsRan reports whether the command line selected all tests.
func allTestsRan() bool {
	return !slices.ContainsFunc([]string{"test.run", "test.skip", "test.list", "test.fuzz"}, func(name string) bool {
		f := flag.Lookup(name)
		return f != nil && f.Value.String() != ""
	})
}
