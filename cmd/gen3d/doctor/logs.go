package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/redact"
)

// errorPattern matches the errors of the functions and the container, and
// Lambda's own lines about a function that ended.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
const errorPattern = `?ERROR ?"Task timed out" ?"Runtime exited" ?"panic:" ?Traceback`

// maxLogPages limits the pages of a log: a page can be empty before the end.
const maxLogPages = 20

func functionLog(function string) string { return "/aws/lambda/" + function }

// logOf returns the look at the newest errors in a log group.
func logOf(name func(*patient) string) func(context.Context, *patient) []check.Finding {
	return func(ctx context.Context, p *patient) []check.Finding { return p.log(ctx, name(p)) }
}

func (p *patient) log(ctx context.Context, group string) []check.Finding {
	var lines []string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(p.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: aws.String(errorPattern), StartTime: aws.Int64(p.now.Add(-p.since).UnixMilli()),
		StartFromHead: aws.Bool(false), // the newest first
	})
	for range maxLogPages {
		if !pages.HasMorePages() || len(lines) > p.lines {
			break
		}
		page, err := pages.NextPage(ctx)
		if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
			return ok("there is no log yet")
		}
		if err != nil {
			return unasked("logs:FilterLogEvents", err)
		}
		for _, event := range page.Events {
			at := time.UnixMilli(aws.ToInt64(event.Timestamp))
			lines = append(lines, console.Time(at)+" "+message(aws.ToString(event.Message)))
		}
	}
	if len(lines) == 0 {
		return ok("no errors in %s", short(p.since))
	}
	command := p.aws("logs tail %s --since %s --filter-pattern '%s'", group, short(p.since), errorPattern)
	count := console.Count(len(lines), "error")
	if len(lines) > p.lines {
		lines, count = lines[:p.lines], fmt.Sprintf("more than %d errors", p.lines)
	}
	return note(command, "%s in %s, the newest: %s", count, short(p.since), strings.Join(lines, " | "))
}

// short formats a duration as the AWS CLI accepts it: 24h, 90m.
func short(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// message returns what an event of a log says, in one line and without secrets.
func message(text string) string {
	var record struct{ Msg, Error, JobID string }
	if err := json.Unmarshal([]byte(text), &record); err == nil && record.Msg != "" {
		text = record.Msg
		if record.Error != "" {
			text += ": " + record.Error
		}
		if record.JobID != "" {
			text += " (job " + record.JobID + ")"
		}
	}
	return redact.Line(strings.TrimSpace(text), reasonLimit)
}
