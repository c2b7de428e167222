package mailbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message"
	// Decodes character sets other than UTF-8.
	_ "github.com/emersion/go-message/charset"
)

// Limits on one message, far above ordinary mails; they bound the work of
// parsing.
const (
	maxDepth = 16
	maxParts = 200
)

// part is a MIME part that is not multipart.
type part struct {
	contentType string
	contentID   string
	name        string
	attached    bool
	body        []byte
}

// content is a parsed message.
type content struct {
	header message.Header
	parts  []part
}

// parse parses a message. Text in an unknown character set is not decoded; any
// other defect is an error.
func parse(raw []byte) (content, error) {
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) {
		return content{}, fmt.Errorf("reading the message: %w", err)
	}
	c := content{header: entity.Header}
	if err := c.collect(entity, 0); err != nil {
		return content{}, err
	}
	return c, nil
}

func (c *content) collect(entity *message.Entity, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("reading the message: its parts are nested more than %d deep", maxDepth)
	}
	multipart := entity.MultipartReader()
	if multipart == nil {
		return c.add(entity)
	}
	for {
		next, err := multipart.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return fmt.Errorf("reading a part of the message: %w", err)
		}
		if err := c.collect(next, depth+1); err != nil {
			return err
		}
	}
}

func (c *content) add(entity *message.Entity) error {
	if len(c.parts) >= maxParts {
		return fmt.Errorf("reading the message: it has more than %d parts", maxParts)
	}
	body, err := io.ReadAll(entity.Body)
	if err != nil {
		return fmt.Errorf("decoding a part of the message: %w", err)
	}
	kind, typeParameters, err := entity.Header.ContentType()
	if err != nil || kind == "" {
		kind = "text/plain"
	}
	disposition, parameters, err := entity.Header.ContentDisposition()
	if err != nil {
		disposition = ""
	}
	name := parameters["filename"]
	if name == "" {
		name = typeParameters["name"]
	}
	c.parts = append(c.parts, part{
		contentType: strings.ToLower(kind),
		contentID:   strings.Trim(entity.Header.Get("Content-Id"), "<> "),
		name:        name,
		attached:    strings.EqualFold(disposition, "attachment"),
		body:        body,
	})
	return nil
}

// text returns the first part of the type that is not an attachment.
func (c content) text(contentType string) string {
	for _, p := range c.parts {
		if p.contentType == contentType && !p.attached {
			return strings.ToValidUTF8(string(p.body), "\uFFFD")
		}
	}
	return ""
}

// attachments returns the parts that are not the mail's text: attached, or of
// another type.
func (c content) attachments() []Attachment {
	list := []Attachment{}
	for _, p := range c.parts {
		if p.attached || !strings.HasPrefix(p.contentType, "text/") {
			list = append(list, Attachment{Name: p.name, ContentType: p.contentType, Size: len(p.body)})
		}
	}
	return list
}

// headers returns the decoded fields by canonical name.
func (c content) headers() map[string]string {
	decoded := map[string]string{}
	for fields := c.header.Fields(); fields.Next(); {
		value, err := fields.Text()
		if err != nil {
			value = fields.Value()
		}
		value = strings.ToValidUTF8(value, "\uFFFD")
		if earlier, repeated := decoded[fields.Key()]; repeated {
			value = earlier + ", " + value
		}
		decoded[fields.Key()] = value
	}
	return decoded
}
