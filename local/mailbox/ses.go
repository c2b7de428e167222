package mailbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Sizes in bytes. SES accepts messages of 40 MB; Gen3D's mails have a few
// kilobytes, so a lower limit detects defects early.
const (
	messageLimit = 10 << 20
	// requestLimit includes base64 encoding and the other fields.
	requestLimit = messageLimit/3*4 + 1<<20
)

// lineLimit is SES's limit for one line of a raw message, in bytes.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_RawMessage.html
const lineLimit = 1000

// fault is an error of the SES API: HTTP status, error code and message.
type fault struct {
	status        int
	name, message string
}

func (f *fault) Error() string { return f.name + ": " + f.message }

func badRequest(format string, args ...any) *fault {
	return &fault{http.StatusBadRequest, "BadRequestException", fmt.Sprintf(format, args...)}
}

func rejected(format string, args ...any) *fault {
	return &fault{http.StatusBadRequest, "MessageRejected", fmt.Sprintf(format, args...)}
}

// sendInput is SendEmail's request.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
type sendInput struct {
	FromEmailAddress     string
	ConfigurationSetName string
	Destination          struct {
		ToAddresses, CcAddresses, BccAddresses []string
	}
	Content struct {
		Raw      *struct{ Data []byte }
		Simple   *struct{}
		Template *struct{}
	}
}

// sendEmail serves POST /v2/email/outbound-emails.
func (m *Mailbox) sendEmail(w http.ResponseWriter, r *http.Request) {
	mail, raw, refused := m.accept(w, r)
	if refused != nil {
		m.config.Log.InfoContext(r.Context(), "mail refused", "error", refused.name)
		m.answerFault(w, refused)
		return
	}
	id, err := m.store.add(mail, raw)
	if err != nil {
		m.config.Log.ErrorContext(r.Context(), "storing a mail failed", "error", err)
		m.answerFault(w, &fault{http.StatusInternalServerError, "InternalFailure", "The mail could not be stored."})
		return
	}
	m.config.Log.InfoContext(r.Context(), "mail accepted", "id", id, "messageId", mail.MessageID, "bytes", mail.Size)
	m.answer(w, http.StatusOK, map[string]string{"MessageId": mail.MessageID})
}

// accept validates a request and returns its mail, and its message as SES would
// deliver it. As with AWS, the request
// must be signed; the signature is not verified, but the check detects a client
// without credentials and stops pages of other origins from sending.
func (m *Mailbox) accept(w http.ResponseWriter, r *http.Request) (Mail, []byte, *fault) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return Mail{}, nil, &fault{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"}
	}
	var input sendInput
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, requestLimit)).Decode(&input); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return Mail{}, nil, badRequest("Message length is more than %d bytes long.", messageLimit)
		}
		return Mail{}, nil, &fault{http.StatusBadRequest, "SerializationException", "The request is not a JSON document of SendEmail."}
	}
	raw, refused := rawMessage(input)
	if refused != nil {
		return Mail{}, nil, refused
	}
	if len(raw) > messageLimit {
		return Mail{}, nil, badRequest("Message length is more than %d bytes long: '%d'.", messageLimit, len(raw))
	}
	if line := longestLine(raw); line > lineLimit {
		return Mail{}, nil, badRequest("A line of the message is %d characters long; at most %d are allowed.", line, lineLimit)
	}
	parsed, err := parse(raw)
	if err != nil {
		return Mail{}, nil, badRequest("The message is not a well-formed mail: %v.", err)
	}
	to, refused := m.checkAddresses(input, parsed)
	if refused != nil {
		return Mail{}, nil, refused
	}
	now := m.config.Now().UTC()
	// The format of SES's ids: time in hexadecimal, a UUID, a counter.
	id := fmt.Sprintf("0100%012x-%s-000000", now.UnixMilli(), m.config.NewID())
	raw = replaceFields(raw, messageIDOf(id, m.config.Region), now)
	if parsed, err = parse(raw); err != nil {
		return Mail{}, nil, badRequest("The message is not a well-formed mail: %v.", err)
	}
	headers := parsed.headers()
	return Mail{
		MessageID:        id,
		Time:             now,
		From:             headers["From"],
		To:               to,
		Subject:          headers["Subject"],
		Text:             parsed.text("text/plain"),
		HTML:             parsed.text("text/html"),
		Headers:          headers,
		Attachments:      parsed.attachments(),
		Size:             len(raw),
		ConfigurationSet: input.ConfigurationSetName,
	}, raw, nil
}

// rawMessage returns the message of a request. Content that SES would assemble
// itself is refused: Simple content and templates.
func rawMessage(input sendInput) ([]byte, *fault) {
	given := 0
	for _, present := range []bool{input.Content.Raw != nil, input.Content.Simple != nil, input.Content.Template != nil} {
		if present {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, badRequest("Content must hold exactly one of Raw, Simple and Template.")
	case input.Content.Raw != nil:
		return input.Content.Raw.Data, nil
	}
	return nil, badRequest("The local mailbox accepts Raw content only, no Simple content and no templates.")
}

func longestLine(raw []byte) int {
	longest := 0
	for line := range bytes.Lines(raw) {
		longest = max(longest, len(bytes.TrimRight(line, "\r\n")))
	}
	return longest
}

func (m *Mailbox) answerFault(w http.ResponseWriter, f *fault) {
	w.Header().Set("X-Amzn-Errortype", f.name)
	m.answer(w, f.status, map[string]string{"message": f.message})
}

func (m *Mailbox) answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", m.config.NewID())
	w.WriteHeader(status)
	// An error means that the client has disconnected.
	_ = json.NewEncoder(w).Encode(body)
}
