package mailbox

import (
	"bytes"
	"fmt"
	"time"
)

// replaceFields returns the message with SES's own Message-ID and Date in place
// of the sender's.
// https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
func replaceFields(raw []byte, messageID string, accepted time.Time) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "Date: %s\r\nMessage-ID: %s\r\n", accepted.Format(time.RFC1123Z), messageID)
	dropping := false
	for len(raw) > 0 {
		line := raw
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			line = raw[:end+1]
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 { // the end of the header
			break
		}
		if folded := line[0] == ' ' || line[0] == '\t'; !folded {
			name, _, _ := bytes.Cut(line, []byte(":"))
			name = bytes.TrimSpace(name)
			dropping = bytes.EqualFold(name, []byte("Date")) || bytes.EqualFold(name, []byte("Message-ID"))
		}
		if !dropping {
			out.Write(line)
		}
		raw = raw[len(line):]
	}
	out.Write(raw)
	return out.Bytes()
}

// messageIDOf returns the header Message-ID of a mail with the id of
// SendEmail's response.
func messageIDOf(id, region string) string {
	domain := region
	if region == "us-east-1" {
		domain = "email"
	}
	return "<" + id + "@" + domain + ".amazonses.com>"
}
