// Package jobs has the commands for the jobs of any user. They read and write
// the data bucket with the operator's credentials, without the API.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"gen3d/cmd/gen3d/target"
	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
)

// Commands are the commands of `gen3d jobs`.
type Commands struct {
	List   listCommand   `cmd:"" help:"List jobs, newest first: gen3d jobs list --stack dev --state failed --since 24h."`
	Show   showCommand   `cmd:"" help:"Show a job: its state, objects, files and reasons of failures."`
	Watch  watchCommand  `cmd:"" help:"Print a job's progress until it ends; the exit status is 1 if an object failed."`
	Get    getCommand    `cmd:"" help:"Download a job's photo, files and documents; a repeat fetches only what is missing."`
	Retry  retryCommand  `cmd:"" help:"Start a job again: an unfinished one continues, of a finished one the failed objects become a new job."`
	Delete deleteCommand `cmd:"" help:"Delete a job with its photo and files, as its user can."`
}

// readers limits the concurrent reads of a command.
const readers = 16

// one chooses a job.
type one struct {
	target.Flags
	Job  string `arg:"" help:"The job's number of 26 characters."`
	User string `help:"The job's user, which saves a search: the user's ID or address."`
}

// open opens the target and finds the job in it.
func (o *one) open(ctx context.Context) (*target.Target, *job.Snapshot, error) {
	id, err := job.ParseID(o.Job)
	if err != nil {
		return nil, nil, err
	}
	t, err := o.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := find(ctx, t, id, o.User)
	return t, snapshot, err
}

// find returns the snapshot of a job of the user, or of any user if user is
// empty.
func find(ctx context.Context, t *target.Target, id job.ID, user string) (*job.Snapshot, error) {
	all, err := owners(ctx, t, user)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var found *job.Snapshot
	group, searching := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for _, owner := range all {
		group.Go(func() error {
			snapshot, err := t.Data.Snapshot(searching, job.Ref{User: owner, Job: id})
			if err != nil {
				return err
			}
			if !snapshot.Empty() {
				mu.Lock()
				defer mu.Unlock()
				found = snapshot
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, fmt.Errorf("there is no job %s in bucket %s; gen3d jobs list %s lists those that there are", id, t.DataBucket, t.Option())
	}
	return found, nil
}

// owners returns the IDs of the users to search: the given one, or all.
func owners(ctx context.Context, t *target.Target, user string) ([]string, error) {
	if user == "" {
		return t.Data.Users(ctx)
	}
	id, err := users.FolderOf(ctx, t, user)
	if err != nil {
		return nil, err
	}
	return []string{id}, nil
}

// errFailed ends a command whose job failed; the reasons are printed.
var errFailed = errors.New("the job did not succeed")
