package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gen3d/handlers/notify/email"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// errNoneDelivered makes Lambda run the event again if neither the user nor the
// admin can get a mail. The event ends in the dead-letter queue, which raises
// an alarm.
var errNoneDelivered = errors.New("SES refuses the admin's address, and no mail reached the user either; verify the admin's address and run the event again")

// deliver sends the job's mails that are not settled, the user's before the
// admin's, which says whether the user got one. Each is recorded before the
// next is sent. If both have the same address, one mail is sent.
func (h *Handler) deliver(ctx context.Context, manifest *job.Manifest, results map[int]*job.Result, scene *job.Scene, taken *lease) error {
	notice := &taken.notice
	content := email.New(manifest, results, scene, notice.Summary, h.config.WebsiteURL)
	if notice.User == nil {
		if err := h.deliverToUser(ctx, manifest, content, taken); err != nil {
			return err
		}
	}
	if notice.Admin == nil {
		delivered, err := h.send(ctx, content.ForAdmin(h.place(), notice.User), h.config.Admin)
		if err != nil {
			return fmt.Errorf("mailing the admin about job %s: %w", manifest.JobID, err)
		}
		if !delivered.Sent() {
			h.refused(ctx, manifest, admin)
			if !notice.User.Sent() {
				return fmt.Errorf("mailing about job %s: %w", manifest.JobID, errNoneDelivered)
			}
		}
		notice.Admin = delivered
	}
	if !notice.Sent() {
		notice.SentAt = h.now().UTC()
		h.measure(manifest, notice.Summary, notice.SentAt)
		if err := h.record(ctx, manifest, taken); err != nil {
			return err
		}
	}
	h.log.InfoContext(ctx, "the job's mails are settled", "jobId", manifest.JobID, "state", notice.Summary.State,
		"succeeded", notice.Summary.Succeeded, "failed", notice.Summary.Failed, "toUser", notice.User.Sent(), "toAdmin", notice.Admin.Sent())
	return nil
}

// deliverToUser settles the user's mail, and the admin's too if both have the
// same address. A mail that SES has accepted is recorded at once; the reason
// for sending none is recorded together with the admin's mail.
func (h *Handler) deliverToUser(ctx context.Context, manifest *job.Manifest, content email.Email, taken *lease) error {
	notice := &taken.notice
	address, unreachable, err := h.address(ctx, manifest.UserID)
	if err != nil {
		return err
	}
	if address == "" {
		notice.User = &job.Delivery{Unsent: string(unreachable)}
		return nil
	}
	both := sameMailbox(address, h.config.Admin)
	if both {
		content = content.ForBoth(h.place())
	}
	delivered, err := h.send(ctx, content, address)
	if err != nil {
		return fmt.Errorf("mailing the user of job %s: %w", manifest.JobID, err)
	}
	notice.User = delivered
	if !delivered.Sent() {
		h.refused(ctx, manifest, user)
		return nil
	}
	if both {
		notice.Admin = delivered
		return nil
	}
	return h.record(ctx, manifest, taken)
}

// record stores the outcome of the mails so far.
func (h *Handler) record(ctx context.Context, manifest *job.Manifest, taken *lease) error {
	if err := h.update(ctx, manifest.Ref(), taken); err != nil {
		return fmt.Errorf("recording the mails of job %s: %w", manifest.JobID, err)
	}
	return nil
}

// recipient is the recipient of a mail in logs and metrics.
type recipient string

const (
	user  recipient = "user"
	admin recipient = "admin"
)

// refused logs and counts that SES refused an address.
func (h *Handler) refused(ctx context.Context, manifest *job.Manifest, to recipient) {
	h.log.ErrorContext(ctx, "SES refuses an address", "jobId", manifest.JobID, "recipient", to)
	h.metrics.Emit(map[string]any{"jobId": manifest.JobID, "recipient": to},
		telemetry.Metric{Name: "MailsRefused", Unit: telemetry.Count, Value: 1})
}

func (h *Handler) measure(manifest *job.Manifest, summary job.Summary, now time.Time) {
	outcome := map[job.State]string{
		job.StateSucceeded: "JobsSucceeded", job.StatePartial: "JobsPartial", job.StateFailed: "JobsFailed",
	}[summary.State]
	h.metrics.Emit(map[string]any{"jobId": manifest.JobID, "objects": summary.Total, "backend": summary.Backend},
		telemetry.Metric{Name: outcome, Unit: telemetry.Count, Value: 1},
		telemetry.Metric{Name: "JobDuration", Unit: telemetry.Milliseconds, Value: float64(now.Sub(manifest.CreatedAt).Milliseconds())})
}

// place is where an operator finds the jobs.
func (h *Handler) place() email.Place {
	return email.Place{Bucket: h.config.Bucket, Stack: h.config.Stack}
}
