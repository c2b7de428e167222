package userdata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/download"
	"gen3d/cmd/gen3d/jobs"
	"gen3d/cmd/gen3d/target"
	"gen3d/cmd/gen3d/users"
	"gen3d/internal/job"
)

type exportCommand struct {
	whose
	To   string `default:"." placeholder:"DIR" help:"Folder in which a folder of the user's ID is created; the current one by default."`
	JSON bool   `name:"json" help:"Print the counts as JSON."`
}

// exported counts what an export contains.
type exported struct {
	Folder  string `json:"folder"`
	Profile bool   `json:"profile"` // of the user pool
	Jobs    int    `json:"jobs"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
}

// Run exports the user. A repeat fetches only what is missing.
func (c *exportCommand) Run(ctx context.Context, s console.Streams) error {
	t, who, err := c.find(ctx)
	if err != nil {
		return err
	}
	out := exported{Folder: filepath.Join(c.To, who.id)}
	files, err := out.collect(ctx, t, who)
	if err != nil {
		return err
	}
	if len(files) == 0 && who.account == nil {
		return fmt.Errorf("there is nothing of user %s", who.id)
	}
	if err := out.profile(ctx, t, who); err != nil {
		return err
	}
	fetched := 0
	err = download.Files(ctx, t.Data, out.Folder, files, func(f download.File, present bool) {
		fetched++
		if !present {
			s.Say("%d/%d %s, %s", fetched, len(files), f.Name, job.Bytes(f.Bytes))
		}
	})
	if err != nil {
		return fmt.Errorf("%w (repeat the command to continue)", err)
	}
	if c.JSON {
		return s.JSON(out)
	}
	_, err = fmt.Fprintf(s.Out, "%s of user %s, with %s (%s), are in %s.\n",
		console.Count(out.Jobs, "job"), who.id, console.Count(out.Files, "file"), job.Bytes(out.Bytes), out.Folder)
	return err
}

// collect lists the files: a folder for each job, with its photo, and what
// belongs to no job.
func (e *exported) collect(ctx context.Context, t *target.Target, who person) ([]download.File, error) {
	var files []download.File
	has := map[string]string{} // ETags by the keys of the jobs' photos
	after, more := job.ID(""), true
	for more {
		var ids []job.ID
		var err error
		if ids, more, err = t.Data.Jobs(ctx, who.id, after, 500); err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		for _, id := range ids {
			snapshot, err := t.Data.Snapshot(ctx, job.Ref{User: who.id, Job: id})
			if err != nil {
				return nil, err
			}
			of, err := jobs.Files(ctx, t.Data, snapshot)
			if err != nil {
				return nil, err
			}
			for _, f := range of {
				has[f.Key] = f.ETag
				f.Name = "jobs/" + string(id) + "/" + f.Name
				files = append(files, f)
			}
			e.Jobs++
		}
	}
	for _, prefix := range who.prefixes() {
		stored, err := t.Data.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		folder := ""
		if strings.HasPrefix(prefix, job.PendingPrefix) {
			folder = job.PendingPrefix
		}
		for _, o := range stored {
			if etag, in := has[o.Key]; in && etag == o.ETag {
				continue
			}
			files = append(files, download.File{Key: o.Key, Name: folder + download.SafeName(strings.TrimPrefix(o.Key, prefix)), Bytes: o.Bytes, ETag: o.ETag})
		}
	}
	for _, f := range files {
		e.Files++
		e.Bytes += f.Bytes
	}
	return files, nil
}

// profile writes what the user pool has of the user.
func (e *exported) profile(ctx context.Context, t *target.Target, who person) error {
	if who.account == nil {
		return nil
	}
	attributes, err := users.Open(t).Attributes(ctx, who.account.Username)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(struct {
		Account    *users.Account    `json:"account"`
		Attributes map[string]string `json:"attributes"`
		ExportedAt time.Time         `json:"exportedAt"`
	}{who.account, attributes, time.Now().UTC()}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the profile as JSON: %w", err)
	}
	err = os.MkdirAll(e.Folder, 0o700)
	err = errors.Join(err, os.WriteFile(filepath.Join(e.Folder, "profile.json"), append(data, '\n'), 0o600))
	if err != nil {
		return fmt.Errorf("writing the profile: %w", err)
	}
	e.Profile = true
	return nil
}
