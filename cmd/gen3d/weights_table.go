package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"gen3d/internal/weights"
	"gen3d/internal/weights/transfer"
)

// writePlan prints the table of plan.
func writePlan(w io.Writer, plan *transfer.Plan) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FILE\tSIZE\tSTATE")
	for _, item := range plan.Items {
		state := string(item.State)
		if item.State == transfer.Partly {
			state += ", " + bytesText(item.Uploaded) + " there"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", item.Path, bytesText(item.Size), state)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	fmt.Fprintln(w)
	for _, origin := range plan.Origins {
		fmt.Fprintln(w, origin)
	}
	_, err := fmt.Fprintln(w, summary(plan))
	return err
}

// summary describes the state of the bucket, and what remains to push.
func summary(plan *transfer.Plan) string {
	counts := map[transfer.State]int{}
	for _, item := range plan.Items {
		counts[item.State]++
	}
	size, uploaded := plan.Size()
	text := fmt.Sprintf("%d files, %s: %d present, %d partly, %d missing; ", len(plan.Items), bytesText(size),
		counts[transfer.Present], counts[transfer.Partly], counts[transfer.Missing])
	switch {
	case plan.Finished():
		text += "nothing to push"
	case uploaded == size:
		text += "only weights.json to write"
	default:
		text += bytesText(size-uploaded) + " to push"
	}
	text += fmt.Sprintf(" to s3://%s/%s", plan.Bucket, weights.Prefix)
	if n := len(plan.Extraneous); n > 0 {
		text += fmt.Sprintf("\n%d other objects there, %s, are of none of these sources (such as %s); the endpoint downloads them too: "+
			"remove them with aws s3 rm", n, bytesText(plan.ExtraneousBytes), plan.Extraneous[0])
	}
	return text
}
