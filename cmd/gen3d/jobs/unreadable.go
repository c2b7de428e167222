package jobs

import "gen3d/internal/job"

// unreadable is the state of a job whose documents are damaged. An operator
// must see it among the others, and be able to delete it.
const unreadable job.State = "unreadable"

// damage describes a damaged job for the list.
func damage(ref job.Ref, err error) *line {
	return &line{Job: ref.Job, User: ref.User, Created: ref.Job.Created(), Summary: job.Summary{
		State: unreadable, Error: &job.Failure{Code: job.Code(unreadable), Message: err.Error()},
	}}
}
