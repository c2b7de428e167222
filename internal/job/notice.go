package job

import "time"

// Notice is notified.json: the lease on the job's mails, the record of each and,
// once both are settled, of when. It sums the finished job up, so that a list of
// jobs needs no other document of it.
type Notice struct {
	Version int `json:"version"`
	// Holder names the run of Notify that took the lease, at LeasedAt. A run that
	// finds a lease older than its own time limit, not sent, takes it over.
	Holder   string    `json:"holder"`
	LeasedAt time.Time `json:"leasedAt"`
	// User and Admin record the mail to each; nil until it is settled. Notices of
	// earlier versions of Notify, which sent one mail to both, have neither.
	User  *Delivery `json:"user,omitempty"`
	Admin *Delivery `json:"admin,omitempty"`
	// SentAt is zero until both mails are settled.
	SentAt  time.Time `json:"sentAt,omitzero"`
	Summary Summary   `json:"summary"`
}

// Sent reports whether nothing is left to be sent.
func (n *Notice) Sent() bool { return !n.SentAt.IsZero() }

// Delivery is the outcome of one mail: sent, or why it was not.
type Delivery struct {
	// SentAt is when SES accepted the mail; zero where none was sent.
	SentAt time.Time `json:"sentAt,omitzero"`
	// Unsent says why none was sent, in words.
	Unsent string `json:"unsent,omitempty"`
}

// Sent reports whether the mail is out. A mail that is not settled is not.
func (d *Delivery) Sent() bool { return d != nil && !d.SentAt.IsZero() }

// Summary is a job in one line of a list.
type Summary struct {
	State     State    `json:"state"`
	Name      string   `json:"name"` // the photo's
	Total     int      `json:"total"`
	Succeeded int      `json:"succeeded"`
	Failed    int      `json:"failed"`
	Backend   Backend  `json:"backend,omitempty"`
	Preview   int      `json:"preview,omitempty"` // the first object that has one
	Error     *Failure `json:"error,omitempty"`   // where all failed alike
}
