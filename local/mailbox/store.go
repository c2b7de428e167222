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
	// ID names the mail here; later mails have greater numbers.
	ID string `json:"id"`
	// MessageID is what SendEmail answered.
	MessageID string `json:"messageId"`
	// Time is when the mail was accepted, in UTC.
	Time time.Time `json:"time"`
	// From is the From header: a name and an address, or the address.
	From string `json:"from"`
	// To are the bare addresses the mail was delivered to (To, Cc and Bcc).
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	// Text and HTML are the decoded parts; empty where the mail has none.
	Text string `json:"text"`
	HTML string `json:"html"`
	// Headers are the message's fields by canonical name, decoded; the values of
	// a repeated field are joined with ", ".
	Headers     map[string]string `json:"headers"`
	Attachments []Attachment      `json:"attachments"`
	// Size of the whole message in bytes.
	Size int `json:"size"`
	// ConfigurationSet is the one named in the request, if any.
	ConfigurationSet string `json:"configurationSet,omitempty"`
}

// Attachment describes one; its content is in the message.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	// Size of the decoded content in bytes.
	Size int `json:"size"`
}

// errNoMail is a mail that is not in the mailbox.
var errNoMail = errors.New("there is no such mail")

var (
	bucketName = []byte("mailbox")
	// mails holds each Mail's JSON, ready for /mailbox.json.
	mailsName = []byte("letters")
	// raw holds the messages as sent.
	rawName = []byte("raw")
)

// store keeps mails under their numbers, big-endian, so that the database's
// order is the order of arrival.
type store struct {
	database Transactions
}

func (s store) prepare() error {
	return s.database.Update(func(tx *bbolt.Tx) error {
		root, err := tx.CreateBucketIfNotExists(bucketName)
		if err != nil {
			return fmt.Errorf("making the bucket: %w", err)
		}
		for _, name := range [][]byte{mailsName, rawName} {
			if _, err := root.CreateBucketIfNotExists(name); err != nil {
				return fmt.Errorf("making the bucket: %w", err)
			}
		}
		return nil
	})
}

// add keeps a mail and its message and returns the mail's id. When it
// returns, both are on disk.
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
		return "", fmt.Errorf("keeping a mail: %w", err)
	}
	return mail.ID, nil
}

// newest returns up to limit mails' JSON, newest first, of those older than
// the mail before (0: all).
func (s store) newest(before uint64, limit int) ([]json.RawMessage, error) {
	list := []json.RawMessage{}
	err := s.database.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(bucketName).Bucket(mailsName).Cursor()
		key, value := cursor.Last()
		if before > 0 {
			// Seek lands on before itself or the next later one, or nowhere: then all
			// are older and the last is the place to start.
			if found, _ := cursor.Seek(binary.BigEndian.AppendUint64(nil, before)); found != nil {
				key, value = cursor.Prev()
			} else {
				key, value = cursor.Last()
			}
		}
		for ; key != nil && len(list) < limit; key, value = cursor.Prev() {
			// The database's memory is gone after the transaction.
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
