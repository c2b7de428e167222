package mailbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

// Mail is one mail of the mailbox, as /mailbox.json shows it.
type Mail struct {
	// ID is the mail's number in the mailbox; later mails have greater numbers.
	ID string `json:"id"`
	// MessageID is the one in SendEmail's response.
	MessageID string `json:"messageId"`
	// Time is when the mail was accepted, in UTC.
	Time time.Time `json:"time"`
	// From is the From header: a name and an address, or the address.
	From string `json:"from"`
	// To are the recipients' addresses without names (To, Cc and Bcc).
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	// Text and HTML are the decoded parts; empty if the mail has none.
	Text string `json:"text"`
	HTML string `json:"html"`
	// Headers are the message's fields by canonical name, decoded; the values
	// of a repeated field are joined with ", ".
	Headers     map[string]string `json:"headers"`
	Attachments []Attachment      `json:"attachments"`
	// Size of the whole message in bytes.
	Size int `json:"size"`
	// ConfigurationSet is the request's, if any.
	ConfigurationSet string `json:"configurationSet,omitempty"`
}

// Attachment describes an attachment; its content is in the message.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	// Size of the decoded content in bytes.
	Size int `json:"size"`
}

// errNoMail is returned for an id that no mail has.
var errNoMail = errors.New("there is no such mail")

var (
	bucketName = []byte("mailbox")
	// mailsName contains each Mail as JSON, as in /mailbox.json. Its name on
	// disk is from earlier versions.
	mailsName = []byte("letters")
	// rawName contains the messages.
	rawName = []byte("raw")
)

// store stores mails by number, big-endian, so that the database's order is the
// order of arrival.
type store struct {
	database Transactions
}

func (s store) prepare() error {
	return s.database.Update(func(tx *bbolt.Tx) error {
		root, err := tx.CreateBucketIfNotExists(bucketName)
		if err != nil {
			return fmt.Errorf("creating the bucket: %w", err)
		}
		for _, name := range [][]byte{mailsName, rawName} {
			if _, err := root.CreateBucketIfNotExists(name); err != nil {
				return fmt.Errorf("creating the bucket: %w", err)
			}
		}
		return nil
	})
}

// add stores a mail and its message and returns the mail's id. When it returns,
// both are on disk.
func (s store) add(mail Mail, raw []byte) (string, error) {
	err := s.database.Update(func(tx *bbolt.Tx) error {
		root := tx.Bucket(bucketName)
		number, err := root.NextSequence()
		if err != nil {
			return fmt.Errorf("numbering a mail: %w", err)
		}
		mail.ID = strconv.FormatUint(number, 10)
		encoded, err := json.Marshal(mail)
		if err != nil {
			return fmt.Errorf("encoding a mail: %w", err)
		}
		key := binary.BigEndian.AppendUint64(nil, number)
		return errors.Join(
			root.Bucket(mailsName).Put(key, encoded),
			root.Bucket(rawName).Put(key, raw),
		)
	})
	if err != nil {
		return "", fmt.Errorf("storing a mail: %w", err)
	}
	return mail.ID, nil
}

// newest returns the JSON of up to limit mails, newest first, that are older
// than the mail with the number before (0: all).
func (s store) newest(before uint64, limit int) ([]json.RawMessage, error) {
	list := []json.RawMessage{}
	err := s.database.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(bucketName).Bucket(mailsName).Cursor()
		key, value := cursor.Last()
		if before > 0 {
			// Seek finds before itself or the next later mail. If there is
			// none, all mails are older, and the list starts with the last.
			if found, _ := cursor.Seek(binary.BigEndian.AppendUint64(nil, before)); found != nil {
				key, value = cursor.Prev()
			} else {
				key, value = cursor.Last()
			}
		}
		for ; key != nil && len(list) < limit; key, value = cursor.Prev() {
			// The value is valid only during the transaction.
			list = append(list, append(json.RawMessage(nil), value...))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	return list, nil
}

// find returns a mail and its message, or errNoMail.
func (s store) find(id string) (Mail, []byte, error) {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil || strconv.FormatUint(number, 10) != id {
		return Mail{}, nil, errNoMail
	}
	key := binary.BigEndian.AppendUint64(nil, number)
	var mail Mail
	var raw []byte
	err = s.database.View(func(tx *bbolt.Tx) error {
		root := tx.Bucket(bucketName)
		encoded := root.Bucket(mailsName).Get(key)
		if encoded == nil {
			return errNoMail
		}
		raw = append(raw, root.Bucket(rawName).Get(key)...)
		return json.Unmarshal(encoded, &mail)
	})
	if err != nil {
		return Mail{}, nil, fmt.Errorf("finding mail %s: %w", id, err)
	}
	return mail, raw, nil
}
