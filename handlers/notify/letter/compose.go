package letter

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"net/mail"
	"strings"
	texttemplate "text/template"
	"time"

	gomail "github.com/wneessen/go-mail"
)

//go:embed mail.html.tmpl mail.txt.tmpl
var templates embed.FS

var (
	htmlBody = htmltemplate.Must(htmltemplate.ParseFS(templates, "mail.html.tmpl"))
	textBody = texttemplate.Must(texttemplate.ParseFS(templates, "mail.txt.tmpl"))
)

// Envelope says from whom, to whom and when.
type Envelope struct {
	From string
	To   []string
	Date time.Time
}

// Compose writes the letter as a MIME message (RFC 5322) with text and HTML
// alternatives. The message's id is the job's, so that a mail which had to be
// sent again can be known as the same one.
func (l Letter) Compose(e Envelope) ([]byte, error) {
	var text, html bytes.Buffer
	if err := textBody.Execute(&text, l); err != nil {
		return nil, fmt.Errorf("writing the mail's text: %w", err)
	}
	if err := htmlBody.Execute(&html, l); err != nil {
		return nil, fmt.Errorf("writing the mail's HTML: %w", err)
	}
	from, err := mail.ParseAddress(e.From)
	if err != nil {
		return nil, fmt.Errorf("reading the sender's address: %w", err)
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	message.FromMailAddress(from)
	if err := message.To(e.To...); err != nil {
		return nil, fmt.Errorf("addressing the mail: %w", err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	message.Subject(l.Subject)
	message.SetDateWithValue(e.Date)
	message.SetMessageIDWithValue(string(l.JobID) + "@" + domain)
	// RFC 3834: keeps vacation responders quiet.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(gomail.TypeTextPlain, text.String())
	message.AddAlternativeString(gomail.TypeTextHTML, html.String())
	var raw bytes.Buffer
	if _, err := message.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	return raw.Bytes(), nil
}
