package jobs

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"

	"gen3d/internal/job"
)

// unreadable is the state of a job whose documents are damaged. An operator
// must see it among the others, and be able to delete it.
const unreadable job.State = "unreadable"

// damaged reports whether an error is about the content of a document, and not
// about a call.
func damaged(ctx context.Context, err error) bool {
	var call *smithy.OperationError
	return err != nil && ctx.Err() == nil && !errors.As(err, &call) && !errors.Is(err, errGone)
}

// damage describes a damaged job for the list.
func damage(ref job.Ref, err error) *line {
	return &line{Job: ref.Job, User: ref.User, Created: ref.Job.Created(), Summary: job.Summary{
		State: unreadable, Error: &job.Failure{Code: job.Code(unreadable), Message: err.Error()},
	}}
}
