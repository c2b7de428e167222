// Package functions_test runs the functions' programs as Lambda does: their
// binaries, under the Lambda Runtime API, with events as AWS documents them,
// the environment of a stack, a real S3 and stand-ins for the other services.
package functions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gen3d/tests/support/program"
	"gen3d/tests/support/s3test"
)

// timeout limits every wait and invocation. It is a deadline for a machine
// under load, not an expectation: nothing here measures time.
const timeout = 2 * time.Minute

// programs is the folder of the functions' binaries, by name.
var programs string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "gen3d-functions-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(programs) }()
	// Built as in the Makefile, but for this machine.
	for _, name := range []string{"extract", "notify", "api", "sweep"} {
		if err := program.Build(filepath.Join(programs, name), "gen3d/handlers/"+name+"/cmd", "-tags", "lambda.norpc"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := loadStacks(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := s3test.Main(m)
	if code == 0 && allTestsRan() && checkRights() > 0 {
		fmt.Fprintln(os.Stderr, "FAIL: the functions may do what no test of theirs does; take the rights away in infra/functions.go, write the test, or name the reason in unseen")
		return 1
	}
	return code
}
