package api

import (
	"context"
	"net/http"
	"time"

	"gen3d/internal/instances"
)

// wakeState is the state of the instances in the response to POST /api/wake.
type wakeState string

const (
	wakeRunning  wakeState = "running"
	wakeStarting wakeState = "starting"
)

type woken struct {
	State wakeState `json:"state"`
}

// wake asks for the first instance for a user who has chosen a photo. The user's
// limits apply only if an instance must be asked for. They are in the user's
// claims, so they hold for all instances of the function: of concurrent requests,
// one reaches SageMaker.
func (h *Handler) wake(ctx context.Context, req *request) (*response, error) {
	if !h.config.Wake.Photo() {
		return nil, newProblem(http.StatusNotFound, codeNotFound, "This service does not start the GPU for a photo; submit the photo, which starts it.")
	}
	status, err := h.instances.Status(ctx)
	if err != nil {
		return nil, err
	}
	if status.State != instances.Stopped {
		return wakeAnswer(status.State)
	}
	most := h.config.Limits.MaxUnfinished
	free, wait, err := h.bucket.ClaimWake(ctx, req.user, most, h.now())
	switch {
	case err != nil:
		return nil, err
	case !free:
		return nil, quotaReached(time.Minute, most)
	case wait == 0:
		h.instances.Wake(ctx)
	}
	if status, err = h.instances.Status(ctx); err != nil {
		return nil, err
	}
	if wait > 0 && status.State == instances.Stopped {
		return nil, tooMany(wait, codeTooManyWakes, "You have started the GPU too often; submit the photo, or try again later.")
	}
	return wakeAnswer(status.State)
}

// wakeAnswer returns the response for a state. An endpoint that is Stopped has
// refused to start an instance. That is no fault of the API, and has no status
// of one: the alarm on those is not for a model that is being deployed.
func wakeAnswer(state instances.State) (*response, error) {
	switch state {
	case instances.Running:
		return &response{status: http.StatusOK, document: woken{wakeRunning}}, nil
	case instances.Starting:
		return &response{status: http.StatusAccepted, document: woken{wakeStarting}}, nil
	case instances.Missing:
		return nil, newProblem(http.StatusConflict, codeModelOff, "This service has no model now, so no meshes can be made; ask its administrator.")
	}
	return nil, newProblem(http.StatusConflict, codeModelBusy, "The GPU cannot be started now. Submit the photo; its meshes are made when the GPU runs.")
}
