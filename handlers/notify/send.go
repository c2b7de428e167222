package notify

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"gen3d/handlers/notify/letter"
)

// Mail is what the function calls of SES; *sesv2.Client has it.
type Mail interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// send gives one mail to SES, for the admin and, where address is not empty,
// the user.
func (h *Handler) send(ctx context.Context, content letter.Letter, now time.Time, address string) error {
	to := []string{}
	if address != "" && !sameMailbox(address, h.config.Admin) {
		to = append(to, address)
	}
	to = append(to, h.config.Admin)
	raw, err := content.Compose(letter.Envelope{From: h.config.Sender, To: to, Date: now})
	if err != nil {
		return err
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &h.config.Sender,
		Destination:      &types.Destination{ToAddresses: to},
		Content:          &types.EmailContent{Raw: &types.RawMessage{Data: raw}},
	}
	if h.config.ConfigurationSet != "" {
		in.ConfigurationSetName = &h.config.ConfigurationSet
	}
	if _, err = h.mail.SendEmail(ctx, in); err != nil {
		return &sendError{err}
	}
	return nil
}

// sendError is what SES or the way to it answered. SES's own words may hold the
// address, which is not for logs, so it says the error's code alone.
type sendError struct{ cause error }

func (e *sendError) Error() string {
	var answer smithy.APIError
	if errors.As(e.cause, &answer) {
		return "SES answered " + answer.ErrorCode()
	}
	return e.cause.Error()
}

func (e *sendError) Unwrap() error { return e.cause }

// isRefusal reports whether SES refused this mail and would refuse it again: an
// address that it will not send to (not verified, in SES's sandbox) or cannot
// read. Everything else, such as throttling or a paused account, is for Lambda
// to try again.
func isRefusal(err error) bool {
	var rejected *types.MessageRejected
	var bad *types.BadRequestException
	return errors.As(err, &rejected) || errors.As(err, &bad)
}

func sameMailbox(address, other string) bool {
	parsed, err := mail.ParseAddress(other)
	return err == nil && strings.EqualFold(parsed.Address, address)
}
