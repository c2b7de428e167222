package check

import (
	"context"
	"fmt"

	"gen3d/internal/endpointstate"
)

// endpointState looks whether the endpoint can be updated. A failed one can only
// be deleted.
func endpointState(ctx context.Context, w *world) Finding {
	name := w.env.EndpointName()
	state, err := endpointstate.Look(ctx, w.endpoints, name, "")
	switch {
	case err != nil:
		return unasked("sagemaker:DescribeEndpoint", err)
	case !state.Exists:
		return ok("there is no %s yet", name)
	case state.Changeable() == nil:
		return ok("%s is %s", name, state.Status)
	case state.MustBeDeleted():
		return fix(fmt.Sprintf("aws sagemaker delete-endpoint --endpoint-name %s %s && pulumi refresh --stack %s", name, w.region(), w.stack),
			"%s is %s (%s) and cannot be updated; delete it, and make up creates it again", name, state.Status, state.Reason)
	}
	return fix(fmt.Sprintf("aws sagemaker wait endpoint-in-service --endpoint-name %s %s", name, w.region()),
		"%s is %s and cannot be updated meanwhile; wait", name, state.Status)
}
