package doctor

import (
	"context"
	"time"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/redrive"
	"gen3d/cmd/gen3d/target"
)

// local looks at the service of this machine. It has no alarms, and its log is
// its own output.
func local(ctx context.Context, t *target.Target) []check.Finding {
	now := func(name string, findings []check.Finding) []check.Finding {
		for i := range findings {
			findings[i].Check = name
		}
		return findings
	}
	status, err := redrive.LocalStatus(ctx, t.URL)
	if err != nil {
		return now("service", fix("gen3d local", "%s", err))
	}
	all := now("service", ok("%s answers", t.URL))
	waiting := ok("no request waits for the model")
	if n := status.Endpoint.Waiting + status.Endpoint.Processing; n > 0 {
		waiting = ok("%s in the endpoint's queue or at work", console.Count(n, "request"))
	}
	all = append(all, now("backlog", waiting)...)
	all = append(all, now("unfinished jobs", pending(ctx, t.Data, time.Now(), "gen3d jobs list --against local --state queued,processing", "see the service's output"))...)
	letters := ok("none")
	if n := len(status.DeadLetters); n > 0 {
		letters = fix("gen3d redrive list --against local", "%s failed every retry; see why, and send them again", console.Count(n, "event"))
	}
	return append(all, now("dead letters", letters)...)
}
