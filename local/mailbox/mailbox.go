// Package mailbox stands in for Amazon SES on one machine: mails that the SES
// v2 client sends are stored in a database and shown on a page; none is
// delivered.
//
// The API side, [Mailbox.API], refuses what SES would refuse: a sender that is
// not a verified identity, invalid recipients (or unverified ones, in SES's
// sandbox), a malformed message. Addresses whose local part is "refused" are
// refused too, so that the handling of a refusal can be tested. As SES does, it
// replaces the fields Message-ID and Date of a message. A mail is on disk before
// the response with its message id is sent.
//
// The user interface, [Mailbox.Pages], serves /mailbox (a list, newest first),
// /mailbox.json (the same for scripts) and /mailbox/{id} (the message itself).
// The content of a mail is untrusted: it is escaped, and its HTML part is shown
// in a frame without scripts, network access or an origin.
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

// Transactions is the database that stores the mails, such as a *bbolt.DB. The
// mailbox uses only the bucket "mailbox" in it. Update may run a function more
// than once.
type Transactions interface {
	Update(func(*bbolt.Tx) error) error
	View(func(*bbolt.Tx) error) error
}

// Config says who may send and where mails are stored.
type Config struct {
	// Database stores the mails; the caller opens and closes it.
	Database Transactions
	// Identities are the verified senders: addresses ("noreply@genesis3d.com")
	// or whole domains ("genesis3d.com").
	Identities []string
	// Refused are recipients for which a mail is rejected, in addition to every
	// address whose local part is "refused".
	Refused []string
	// Sandbox puts the account into SES's sandbox: a mail to any address that
	// is not verified is rejected for all its recipients.
	Sandbox bool
	// Verified are the recipients, addresses or whole domains, that may receive
	// mail in the sandbox, in addition to the Identities.
	Verified []string
	// Region is named in error messages, as SES names it; empty means
	// us-east-1.
	Region string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID returns the unique part of a message id; nil means a random UUID.
	NewID func() string
	// Log receives one record per mail, without addresses and content; nil
	// discards.
	Log *slog.Logger
}

// Mailbox is the stand-in. It is safe for concurrent use.
type Mailbox struct {
	config  Config
	refused map[string]bool
	store   store
}

// New returns a mailbox with the mails that are already in the database.
func New(config Config) (*Mailbox, error) {
	if config.Database == nil || len(config.Identities) == 0 {
		return nil, errors.New("creating the local mailbox: the database and at least one verified identity must be given")
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
		return nil, fmt.Errorf("creating the local mailbox: %w", err)
	}
	return m, nil
}

// API serves POST /v2/email/outbound-emails, SES v2's SendEmail, and answers
// every other path with UnknownOperationException.
func (m *Mailbox) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/email/outbound-emails", m.sendEmail)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		m.answerFault(w, &fault{http.StatusNotFound, "UnknownOperationException", "The local mailbox supports SendEmail only."})
	})
	return mux
}

// Pages serves /mailbox, /mailbox.json and everything below /mailbox/.
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
