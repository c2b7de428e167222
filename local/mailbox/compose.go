package mailbox

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message/mail"
)

// simpleMessage is SES's Message: the parts of a mail that SES assembles.
type simpleMessage struct {
	Subject *simpleContent
	Body    *struct{ Text, Html *simpleContent }
	Headers []struct{ Name, Value string }

	Attachments []struct {
		FileName, ContentType, ContentId, ContentDisposition string
		RawContent                                           []byte
	}
}

type simpleContent struct{ Data string }

// compose makes the message that SES would make of Simple content.
func (input sendInput) compose() ([]byte, *fault) {
	simple := input.Content.Simple
	if simple.Subject == nil || simple.Body == nil || (simple.Body.Text == nil && simple.Body.Html == nil) {
		return nil, badRequest("Simple content needs a Subject and a Body with Text or Html.")
	}
	var header mail.Header
	for name, list := range map[string][]string{
		"From":     {input.FromEmailAddress},
		"To":       input.Destination.ToAddresses,
		"Cc":       input.Destination.CcAddresses,
		"Reply-To": input.ReplyToAddresses,
	} {
		if len(list) == 0 {
			continue
		}
		addresses, err := mail.ParseAddressList(strings.Join(list, ", "))
		if err != nil {
			return nil, badRequest("Invalid address in %s.", name)
		}
		header.SetAddressList(name, addresses)
	}
	header.SetSubject(simple.Subject.Data)
	for _, extra := range simple.Headers {
		if extra.Name == "" || strings.ContainsAny(extra.Name, ": \r\n") || strings.ContainsAny(extra.Value, "\r\n") {
			return nil, badRequest("Invalid header %q.", extra.Name)
		}
		header.SetText(extra.Name, extra.Value)
	}
	var raw bytes.Buffer
	if err := simple.write(&raw, header); err != nil {
		return nil, badRequest("The message could not be assembled: %v.", err)
	}
	return raw.Bytes(), nil
}

func (simple simpleMessage) write(raw *bytes.Buffer, header mail.Header) error {
	writer, err := mail.CreateWriter(raw, header)
	if err != nil {
		return err
	}
	inline, err := writer.CreateInline()
	if err != nil {
		return err
	}
	for _, body := range []struct {
		contentType string
		content     *simpleContent
	}{{"text/plain", simple.Body.Text}, {"text/html", simple.Body.Html}} {
		if body.content == nil {
			continue
		}
		var partHeader mail.InlineHeader
		partHeader.SetContentType(body.contentType, map[string]string{"charset": "utf-8"})
		// Base64 keeps lines short whatever the text.
		partHeader.Set("Content-Transfer-Encoding", "base64")
		part, err := inline.CreatePart(partHeader)
		if err := finish(part, err, []byte(body.content.Data)); err != nil {
			return err
		}
	}
	if err := inline.Close(); err != nil {
		return err
	}
	for _, attachment := range simple.Attachments {
		contentType := attachment.ContentType
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		var partHeader mail.AttachmentHeader
		partHeader.SetContentType(contentType, nil)
		partHeader.SetFilename(attachment.FileName)
		if attachment.ContentDisposition == "INLINE" {
			partHeader.SetContentDisposition("inline", map[string]string{"filename": attachment.FileName})
		}
		if attachment.ContentId != "" {
			partHeader.Set("Content-Id", "<"+strings.Trim(attachment.ContentId, "<>\r\n")+">")
		}
		partHeader.Set("Content-Transfer-Encoding", "base64")
		part, err := writer.CreateAttachment(partHeader)
		if err := finish(part, err, attachment.RawContent); err != nil {
			return err
		}
	}
	return writer.Close()
}

// finish fills a part that was just opened and closes it.
func finish(part io.WriteCloser, opened error, body []byte) error {
	if opened != nil {
		return opened
	}
	_, err := part.Write(body)
	return errors.Join(err, part.Close())
}
