package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Envelope holds the addresses and the date of a message.
type Envelope struct {
	From, To string
	Date     time.Time
}

// Compose returns the email as a MIME message (RFC 5322) with text and HTML
// alternatives. The Message-ID is derived from the job's ID, so that a mail
// client can recognize a mail that is sent again. The admin's mail has another
// one.
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
	_, domain, _ := strings.Cut(from.Address, "@")
	message.Subject(e.Subject)
	message.SetDateWithValue(envelope.Date)
	id := string(e.JobID)
	if !e.ForUser {
		id += ".admin"
	}
	message.SetMessageIDWithValue(id + "@" + domain)
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
