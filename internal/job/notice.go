package job

import "time"

// Notice is notified.json: the lease on the job's mail and, once the mail is
// out, the record of it. It sums the finished job up, so that a list of jobs
// needs no other document of it.
type Notice struct {
	Version int `json:"version"`
	// Holder names the run of Notify that took the lease, at LeasedAt. A run that
	// finds a lease older than its own time limit, not sent, takes it over.
	Holder   string    `json:"holder"`
	LeasedAt time.Time `json:"leasedAt"`
	// SentAt is zero until SES has accepted the mail.
	SentAt  time.Time `json:"sentAt,omitzero"`
	Summary Summary   `json:"summary"`
}

// Sent reports whether the mail is out.
func (n *Notice) Sent() bool { return !n.SentAt.IsZero() }

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
