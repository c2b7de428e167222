package engine

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
)

// The emulated account is a new one, which can reserve no concurrency.
func TestReservedConcurrencyIsRefusedInANewAccount(t *testing.T) {
	t.Parallel()
	s := newStack(t, "dev", map[string]string{"gen3d:functions.reserveConcurrency": "true"})
	result, err := s.stack.Up(s.Context(), optup.SuppressProgress())
	if err == nil || !strings.Contains(err.Error(), "below its minimum value of [10]") {
		t.Fatalf("up ended with %v\n%s", err, result.StdOut)
	}
}

func TestNotebookAndTestersIdentitiesAreCreatedOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, "dev", map[string]string{"gen3d:notebook.enabled": "true", "gen3d:email.verify": "info@2112-lab.com,tester@example.com"})
	s.up()
	s.nothingToDo("after the first up")
	outputs, err := s.stack.Outputs(s.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, ok := outputs["unverifiedEmails"].Value.([]any)
	t.Logf("unverified: %v", list)
	if !ok {
		t.Errorf("unverifiedEmails is %v", outputs["unverifiedEmails"].Value)
	}
}
