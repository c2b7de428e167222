package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
	"gen3d/internal/bucket"
	"gen3d/internal/job"
)

type listCommand struct {
	target.Flags
	User  string      `help:"Only jobs of this user: the user's ID or address."`
	State []job.State `enum:"uploading,queued,processing,succeeded,partial,failed,unreadable" help:"Only jobs in these states: ${enum}."`
	Since period      `help:"Only jobs created within this time, such as 24h or 7d."`
	Limit int         `default:"50" help:"How many jobs to list."`
	After string      `placeholder:"JOB" help:"Begin after this job: the next page."`
	JSON  bool        `name:"json" help:"Print {jobs, next}."`
}

// line is a job in the list.
type line struct {
	Job     job.ID    `json:"jobId"`
	User    string    `json:"userId"`
	Created time.Time `json:"createdAt"`
	job.Summary
}

// page is a page of the list. Next is the argument of --after for the next one.
type page struct {
	Jobs []line `json:"jobs"`
	Next job.ID `json:"next,omitempty"`
}

// Run prints one page.
func (c *listCommand) Run(ctx context.Context, s console.Streams) error {
	if c.Limit < 1 || c.Limit > 10000 {
		return fmt.Errorf("--limit is %d; give 1 to 10000", c.Limit)
	}
	var after job.ID
	if c.After != "" {
		var err error
		if after, err = job.ParseID(c.After); err != nil {
			return fmt.Errorf("--after: %w", err)
		}
	}
	t, err := c.Open(ctx)
	if err != nil {
		return err
	}
	all, err := owners(ctx, t, c.User)
	if err != nil {
		return err
	}
	found, err := c.collect(ctx, t.Data, all, after)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.JSON(found)
	}
	if err := printPage(s, found); err != nil {
		return err
	}
	if found.Next != "" {
		s.Say("There may be more: repeat the command with --after %s.", found.Next)
	}
	return nil
}

// collect reads jobs until the page is full or there are no more.
func (c *listCommand) collect(ctx context.Context, b *bucket.Bucket, users []string, after job.ID) (*page, error) {
	list, err := merge(ctx, b, users, after)
	if err != nil {
		return nil, err
	}
	var since time.Time
	if c.Since > 0 {
		since = time.Now().Add(-time.Duration(c.Since))
	}
	found := &page{Jobs: []line{}}
	for {
		refs, err := list.next(ctx, min(pageSize, c.Limit), since)
		if err != nil || len(refs) == 0 {
			return found, err
		}
		lines, err := summaries(ctx, b, refs)
		if err != nil {
			return nil, err
		}
		for i, l := range lines {
			if l != nil && (len(c.State) == 0 || slices.Contains(c.State, l.State)) {
				found.Jobs = append(found.Jobs, *l)
			}
			if len(found.Jobs) == c.Limit {
				if i < len(lines)-1 || list.Len() > 0 {
					found.Next = refs[i].Job
				}
				return found, nil
			}
		}
	}
}

// summaries reads jobs concurrently. One that is deleted meanwhile is nil.
func summaries(ctx context.Context, b *bucket.Bucket, refs []job.Ref) ([]*line, error) {
	lines := make([]*line, len(refs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, ref := range refs {
		group.Go(func() error {
			sum, err := b.Summary(ctx, ref, time.Now())
			if errors.Is(err, bucket.ErrUnreadable) {
				lines[i], err = damage(ref, err), nil
			} else if err == nil && sum != nil {
				lines[i] = &line{Job: ref.Job, User: ref.User, Created: ref.Job.Created(), Summary: *sum}
			}
			return err
		})
	}
	return lines, group.Wait()
}

func printPage(s console.Streams, p *page) error {
	if len(p.Jobs) == 0 {
		s.Say("There are no such jobs.")
		return nil
	}
	var rows [][]string
	for _, l := range p.Jobs {
		reason := ""
		if l.Error != nil {
			reason = fmt.Sprintf("%s: %s", l.Error.Code, l.Error.Message)
		}
		done := strconv.Itoa(l.Succeeded) + "/" + strconv.Itoa(l.Total)
		rows = append(rows, []string{string(l.Job), l.User, console.Time(l.Created), string(l.State), done, l.Name, reason})
	}
	return s.Table([]string{"JOB", "USER", "CREATED", "STATE", "MADE", "PHOTO", "REASON"}, rows)
}
