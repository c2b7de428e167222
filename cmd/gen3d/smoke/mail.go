package smoke

import (
	"context"
	"fmt"
	"time"
)

// mailTime is how long Notify may take after the end of a job.
const mailTime = 5 * time.Minute

func receiveMails(ctx context.Context, r *run) (string, error) { return r.place.mails(ctx, r) }

func quietAlarms(ctx context.Context, r *run) (string, error) { return r.place.alarms(ctx, r) }

// notified waits until Notify has settled the mails about a job.
func (r *run) notified(ctx context.Context, id string) error {
	began := r.now()
	for {
		v, err := r.show(ctx, id)
		if err != nil {
			return err
		}
		if !v.NotifiedAt.IsZero() {
			return nil
		}
		if waited := r.now().Sub(began); waited >= min(r.options.Timeout, mailTime) {
			return &mismatch{"the mails about job " + id + " to be sent (notifiedAt)", "not after " + waited.Round(time.Second).String(), r.place.look("notify")}
		}
		if !r.wait(ctx) {
			return fmt.Errorf("waiting for the mails about job %s: %w", id, ctx.Err())
		}
	}
}
