package deploy

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// printPlan prints what each step found.
func (d *deployment) printPlan() error {
	d.say("\nPlan of stack %s, %s. Nothing is changed.\n", d.Stack, d.account)
	table := tabwriter.NewWriter(d.text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STEP\tSTATE\tCOMMAND")
	for i, r := range d.results {
		fmt.Fprintf(table, "%d %s\t%s\t%s\n", i+1, r.Step, r.Status, strings.Join(r.Commands, " && "))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	d.say("")
	for i, r := range d.results {
		if r.Why != "" {
			d.say("%d %s: %s", i+1, r.Step, r.Why)
		}
	}
	d.say("\n%s", d.cost())
	return nil
}

// printJSON prints the summary.
func (d *deployment) printJSON() error {
	return d.Streams.JSON(struct {
		Stack  string   `json:"stack"`
		DryRun bool     `json:"dryRun"`
		Steps  []Result `json:"steps"`
	}{d.Stack, d.DryRun, d.results})
}
