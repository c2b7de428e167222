package notify

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"gen3d/handlers/notify/email"
	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// Mail sends mails. *sesv2.Client implements it.
type Mail interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// send sends one mail to one address through SES. If SES refuses the address,
// that is an outcome, not an error.
func (h *Handler) send(ctx context.Context, content email.Email, address string) (*job.Delivery, error) {
	now := h.now().UTC()
	raw, err := content.Compose(email.Envelope{From: h.config.Sender, To: address, Date: now})
	if err != nil {
		return nil, err
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &h.config.Sender,
		Destination:      &types.Destination{ToAddresses: []string{address}},
		Content:          &types.EmailContent{Raw: &types.RawMessage{Data: raw}},
	}
	if h.config.ConfigurationSet != "" {
		in.ConfigurationSetName = &h.config.ConfigurationSet
	}
	if _, err = h.mail.SendEmail(ctx, in); err == nil {
		h.metrics.Emit(map[string]any{"jobId": content.JobID}, telemetry.Metric{Name: "MailsSent", Unit: telemetry.Count, Value: 1})
		return &job.Delivery{SentAt: now}, nil
	}
	if isRefusal(err) {
		return &job.Delivery{Unsent: string(email.AddressRefused)}, nil
	}
	return nil, &sendError{err}
}

// sendError is an error of SES or of the connection to it. SES's message can
// contain the address, which must not be logged, so Error returns only the
// error's code.
type sendError struct{ cause error }

func (e *sendError) Error() string {
	var answer smithy.APIError
	if errors.As(e.cause, &answer) {
		return "SES answered " + answer.ErrorCode()
	}
	return e.cause.Error()
}

func (e *sendError) Unwrap() error { return e.cause }

// isRefusal reports whether SES has refused this mail permanently: the address
// is not verified (in the SES sandbox) or not valid. Lambda retries after all
// other errors, such as throttling or a paused account.
func isRefusal(err error) bool {
	var rejected *types.MessageRejected
	var bad *types.BadRequestException
	return errors.As(err, &rejected) || errors.As(err, &bad)
}

func sameMailbox(address, other string) bool {
	parsed, err := mail.ParseAddress(other)
	return err == nil && strings.EqualFold(parsed.Address, address)
}
