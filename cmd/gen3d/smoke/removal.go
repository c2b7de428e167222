package smoke

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gen3d/cmd/gen3d/console"
	"gen3d/internal/job"
)

// deleteJobs deletes every job through the API.
func deleteJobs(ctx context.Context, r *run) (string, error) {
	for _, m := range r.jobs {
		if v, err := r.show(ctx, m.id); err != nil || !v.ended() || v.NotifiedAt.IsZero() {
			r.late = true
		}
		got, err := r.call(ctx, r.a, http.MethodDelete, "/jobs/"+m.id, nil)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusNoContent {
			return "", &mismatch{"204 for DELETE of job " + m.id, got.String(), r.place.look("api")}
		}
		if got, err = r.call(ctx, r.a, http.MethodGet, "/jobs/"+m.id, nil); err != nil {
			return "", err
		}
		if got.status != http.StatusNotFound {
			return "", &mismatch{"404 for the deleted job " + m.id, fmt.Sprintf("status %d", got.status), r.place.look("api")}
		}
	}
	return console.Count(len(r.jobs), "job"), nil
}

// nothingLeft expects that no file of the deleted jobs is in the bucket, and
// that the list has none of them. Of a job that was deleted while it was being
// made, Notify removes the files that come later; until then the list has it.
func nothingLeft(ctx context.Context, r *run) (string, error) {
	for began := r.now(); ; {
		lines, err := r.list(ctx, r.a, func(l line) bool { return strings.HasPrefix(l.Name, r.label) })
		if err != nil {
			return "", err
		}
		left, err := r.left(ctx)
		if err != nil {
			return "", err
		}
		if len(lines) == 0 && len(left) == 0 {
			return "no file, no marker, no job in the list", nil
		}
		if !r.late || r.now().Sub(began) >= min(r.options.Timeout, eventTime) {
			if len(lines) > 0 {
				return "", &mismatch{"a list without the deleted jobs", "it has job " + lines[0].JobID, r.place.look("api")}
			}
			return "", &mismatch{"no file of the deleted jobs in " + r.target.DataBucket, fmt.Sprintf("%s, such as %s", console.Count(len(left), "file"), left[0]), r.place.look("api")}
		}
		if !r.wait(ctx) {
			return "", fmt.Errorf("waiting for the files of the deleted jobs to be removed: %w", ctx.Err())
		}
	}
}

// left returns the keys of the run's jobs and photos that are in the bucket.
func (r *run) left(ctx context.Context) ([]string, error) {
	if r.target == nil || r.a == nil || r.a.id == "" {
		return nil, nil
	}
	var prefixes []string
	for _, m := range r.jobs {
		ref := job.Ref{User: r.a.id, Job: job.ID(m.id)}
		prefixes = append(prefixes, ref.InputPrefix(), ref.OutputPrefix(), ref.PendingKey())
	}
	var keys []string
	for _, prefix := range append(prefixes, r.copied...) {
		stored, err := r.target.Data.List(ctx, prefix)
		if err != nil {
			return nil, &mismatch{"a list of " + prefix + " in " + r.target.DataBucket, err.Error(), "the credentials need s3:ListBucket on the data bucket"}
		}
		for _, o := range stored {
			keys = append(keys, o.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// cleanUp removes what the run has made and what is still there.
func cleanUp(ctx context.Context, r *run) (string, error) {
	r.deleteRest(ctx)
	return r.place.erase(ctx, r)
}

// deleteRest deletes what the API still lists of the run, as far as it can:
// what it leaves is removed from the bucket.
func (r *run) deleteRest(ctx context.Context) {
	if r.a == nil || r.a.token == "" {
		return
	}
	lines, err := r.list(ctx, r.a, func(l line) bool { return strings.HasPrefix(l.Name, r.label) })
	if err != nil {
		return
	}
	for _, l := range lines {
		if !slices.ContainsFunc(r.jobs, func(m *made) bool { return m.id == l.JobID }) {
			r.jobs = append(r.jobs, &made{id: l.JobID, name: l.Name})
		}
		_, _ = r.call(ctx, r.a, http.MethodDelete, "/jobs/"+l.JobID, nil) // what is left is removed from the bucket
	}
}
