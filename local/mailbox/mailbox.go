// Package mailbox stands in for Amazon SES on one machine: mails that the SES
// v2 client sends land in a database instead of the world, and a page shows
// them.
//
// The API side, [Mailbox.API], refuses what SES would refuse: a sender that is
// no verified identity, recipients that are no addresses (or not verified, in
// SES's sandbox), a message that is no mail. Addresses whose local part is
// "refused" are refused too, so that what follows from a refusal can be tried
// out. A mail is on disk before its message id is answered.
//
// The reading side, [Mailbox.Pages], serves /mailbox (a list, newest first),
// /mailbox.json (the same for scripts) and /mailbox/{id} (the message itself).
// What stands in a mail is a stranger's: it is escaped, and its HTML part is
// shown in a frame without scripts, network or an origin.
package mailbox

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// Transactions is the database the mails are kept in; a *bbolt.DB is one. The
// mailbox uses the bucket "mailbox" in it and no other. The functions it passes
// to Update may be run again.
type Transactions interface {
	Update(func(*bbolt.Tx) error) error
	View(func(*bbolt.Tx) error) error
}

// Config says who may send and where mails are kept.
type Config struct {
	// Database keeps the mails; its owner opens and closes it.
	Database Transactions
	// Identities are the verified senders: addresses ("noreply@genesis3d.com")
	// or whole domains ("genesis3d.com").
	Identities []string
	// Refused are recipients that a mail is rejected for, beside every
	// address whose local part is "refused".
	Refused []string
	// Sandbox makes the mailbox an account in SES's sandbox: a mail to any
	// address that is not verified is rejected for all its recipients.
	Sandbox bool
	// Verified are the recipients, addresses or whole domains, that may be
	// written to in the sandbox, beside the Identities.
	Verified []string
	// Region is named in error messages, as SES names it; empty means us-east-1.
	Region string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes the unique middle of a message id; nil means a random UUID.
	NewID func() string
	// Log receives one line a mail, without its addresses and content; nil
	// discards.
	Log *slog.Logger
}

// Mailbox is the stand-in. It is safe for concurrent use.
type Mailbox struct {
	config  Config
	refused map[string]bool
	store   store
}

// New makes the mailbox over the mails that the database already holds.
func New(config Config) (*Mailbox, error) {
	if config.Database == nil || len(config.Identities) == 0 {
		return nil, errors.New("making the local mailbox: the database and at least one verified identity must be given")
	}
	if config.Region == "" {
		config.Region = "us-east-1"
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		config.NewID = uuid.NewString
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	m := &Mailbox{config: config, refused: map[string]bool{}, store: store{config.Database}}
	for _, address := range config.Refused {
		m.refused[strings.ToLower(address)] = true
	}
	if err := m.store.prepare(); err != nil {
		return nil, fmt.Errorf("making the local mailbox: %w", err)
	}
	return m, nil
}

// API answers POST /v2/email/outbound-emails, SES v2's SendEmail, and refuses
// every other path as an unknown operation.
func (m *Mailbox) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/email/outbound-emails", m.sendEmail)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		m.answerFault(w, &fault{http.StatusNotFound, "UnknownOperationException", "The local mailbox knows SendEmail only."})
	})
	return mux
}

// Pages answers /mailbox, /mailbox.json and everything below /mailbox/.
func (m *Mailbox) Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mailbox", m.showList)
	mux.HandleFunc("GET /mailbox/{$}", m.showList)
	mux.HandleFunc("GET /mailbox.json", m.listJSON)
	mux.HandleFunc("GET /mailbox/{id}", m.download)
	mux.HandleFunc("GET /mailbox/{id}/view", m.showMail)
	mux.HandleFunc("GET /mailbox/{id}/html", m.showHTMLPart)
	mux.HandleFunc("GET /mailbox/style.css", asset)
	mux.HandleFunc("GET /mailbox/arrivals.js", asset)
	return mux
}
