package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Envelope holds the addresses and the date of a message.
type Envelope struct {
	From, To string
	Date     time.Time
}

// EventField is the header field that says what a mail is about: the job's ID,
// in the admin's mail followed by ".admin". Two mails with the same value are one
// mail that was sent again.
const EventField = "X-Gen3D-Event"

// Compose returns the email as a MIME message (RFC 5322) with text and HTML
// alternatives. The field [EventField] identifies a mail that is sent again.
// Message-ID and Date cannot, because SES replaces both.
// https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
func (e Email) Compose(envelope Envelope) ([]byte, error) {
	from, err := mail.ParseAddress(envelope.From)
	if err != nil {
		return nil, fmt.Errorf("reading the sender's address: %w", err)
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	message.FromMailAddress(from)
	if err := message.To(envelope.To); err != nil {
		return nil, fmt.Errorf("addressing the mail: %w", err)
	}
	message.Subject(e.Subject)
	message.SetDateWithValue(envelope.Date)
	event := string(e.JobID)
	if !e.ForUser {
		event += ".admin"
	}
	message.SetGenHeader(EventField, event)
	// RFC 3834: prevents automatic replies.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(gomail.TypeTextPlain, e.text())
	message.AddAlternativeString(gomail.TypeTextHTML, e.html())
	var raw bytes.Buffer
	if _, err := message.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	return raw.Bytes(), nil
}
