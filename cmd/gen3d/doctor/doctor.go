// Package doctor looks at a running stack and says of each part whether it is
// well, or what to do. It changes nothing. [check] looks at what a deployment
// needs; the lines have the same form.
//
// Each look is a function in a file of its subject.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
	"gen3d/infra/settings"
	"gen3d/internal/stackoutput"
)

// Command is `gen3d doctor`.
type Command struct {
	target.Flags
	Since time.Duration `default:"24h" help:"How far back to look for errors in the logs."`
	Lines int           `default:"3" help:"How many errors of each log to print, the newest."`
	JSON  bool          `name:"json" help:"Print a JSON array of {check, status, message, command}."`
}

// Run prints the findings. It returns an error if there is something to fix.
func (c *Command) Run(ctx context.Context, s console.Streams) error {
	if c.Lines < 1 || c.Since < time.Minute {
		return errors.New("give at least 1 for --lines and 1m for --since")
	}
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	findings := c.examine(ctx, t)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if c.JSON {
		err = s.JSON(findings)
	} else {
		err = check.Print(s.Out, findings)
	}
	if err == nil && check.Failed(findings) {
		err = errors.New("the service needs what the lines with fix say")
	}
	return err
}

func (c *Command) examine(ctx context.Context, t *target.Target) []check.Finding {
	if t.Local() {
		return local(ctx, t)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	account, credentials := check.Credentials(ctx, t.AWS)
	if account == "" {
		return []check.Finding{credentials}
	}
	p := &patient{
		Target: t, since: c.Since, lines: c.Lines, now: time.Now(),
		env:    settings.Environment{Stack: t.Stack, Account: account, Region: t.Region},
		models: sagemaker.NewFromConfig(t.AWS), queues: sqs.NewFromConfig(t.AWS),
		metrics: cloudwatch.NewFromConfig(t.AWS), logs: cloudwatchlogs.NewFromConfig(t.AWS),
	}
	p.settings = sync.OnceValues(func() (settings.Config, error) {
		values, err := stackoutput.Settings(ctx, "", t.Stack)
		if err != nil {
			return settings.Config{}, err
		}
		return settings.Load(values)
	})
	return append([]check.Finding{credentials}, p.examine(ctx)...)
}

// limit is the time for all looks.
const limit = 2 * time.Minute

// patient is a stack that is looked at.
type patient struct {
	*target.Target
	env     settings.Environment
	since   time.Duration
	lines   int
	now     time.Time
	models  *sagemaker.Client
	queues  *sqs.Client
	metrics *cloudwatch.Client
	logs    *cloudwatchlogs.Client

	settings func() (settings.Config, error)
}

// looks are the looks in the order of their lines.
var looks = []struct {
	name string
	look func(context.Context, *patient) []check.Finding
}{
	{"endpoint", endpoint},
	{"backlog", backlog},
	{"unfinished jobs", unfinished},
	{"dead letters", deadLetters},
	{"alarms", alarms},
	{"SES", mails},
	{"log of Extract", logOf(func(p *patient) string { return functionLog(p.ExtractFunction) })},
	{"log of Notify", logOf(func(p *patient) string { return functionLog(p.NotifyFunction) })},
	{"log of API", logOf(func(p *patient) string { return functionLog(p.APIFunction) })},
	{"log of Sweep", logOf(func(p *patient) string { return functionLog(p.SweepFunction) })},
	{"log of the model", logOf(func(p *patient) string { return "/aws/sagemaker/Endpoints/" + p.EndpointName })},
}

func (p *patient) examine(ctx context.Context) []check.Finding {
	found := make([][]check.Finding, len(looks))
	var group sync.WaitGroup
	for i, l := range looks {
		group.Go(func() {
			found[i] = l.look(ctx, p)
			for j := range found[i] {
				if found[i][j].Check == "" {
					found[i][j].Check = l.name
				}
			}
		})
	}
	group.Wait()
	var all []check.Finding
	for _, findings := range found {
		all = append(all, findings...)
	}
	return all
}

// aws returns a command of the AWS CLI for the stack's region.
func (p *patient) aws(format string, args ...any) string {
	return "aws " + fmt.Sprintf(format, args...) + " --region " + p.Region
}

func ok(format string, args ...any) []check.Finding {
	return []check.Finding{{Status: check.OK, Message: fmt.Sprintf(format, args...)}}
}

func fix(command, format string, args ...any) []check.Finding {
	return []check.Finding{{Status: check.Fix, Message: fmt.Sprintf(format, args...), Command: command}}
}

func note(command, format string, args ...any) []check.Finding {
	return []check.Finding{{Status: check.Note, Message: fmt.Sprintf(format, args...), Command: command}}
}

func unasked(permission string, err error) []check.Finding {
	return []check.Finding{check.Unasked(permission, err)}
}
