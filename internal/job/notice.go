package job

import "time"

// Notice is notified.json: the lease on the job's mails, the outcome of each
// and, once both are settled, when. It contains the summary of the finished
// job, so that a list of jobs needs no other document.
type Notice struct {
	Version int `json:"version"`
	// Holder identifies the run of Notify that took the lease at LeasedAt.
	// If the lease is older than the function's timeout and the mails are
	// not settled, another run takes it over.
	Holder   string    `json:"holder"`
	LeasedAt time.Time `json:"leasedAt"`
	// User and Admin are the outcomes of the two mails, nil until they are
	// settled. Notices of earlier versions of Notify, which sent one mail
	// to both, have neither.
	User  *Delivery `json:"user,omitempty"`
	Admin *Delivery `json:"admin,omitempty"`
	// SentAt is zero until both mails are settled.
	SentAt  time.Time `json:"sentAt,omitzero"`
	Summary Summary   `json:"summary"`
}

// Sent reports whether both mails are settled.
func (n *Notice) Sent() bool { return !n.SentAt.IsZero() }

// Delivery is the outcome of one mail: sent, or why it was not.
type Delivery struct {
	// SentAt is when SES accepted the mail, or zero if none was sent.
	SentAt time.Time `json:"sentAt,omitzero"`
	// Unsent is the reason why none was sent, as text.
	Unsent string `json:"unsent,omitempty"`
}

// Sent reports whether the mail was sent. It is false for a mail that is not
// settled.
func (d *Delivery) Sent() bool { return d != nil && !d.SentAt.IsZero() }

// Summary is a job as a list shows it.
type Summary struct {
	State     State   `json:"state"`
	Name      string  `json:"name"` // name of the photo
	Total     int     `json:"total"`
	Succeeded int     `json:"succeeded"`
	Failed    int     `json:"failed"`
	Backend   Backend `json:"backend,omitempty"`
	Preview   int     `json:"preview,omitempty"` // the first object that has one
	// Thumbnail reports whether the job has a [Ref.ThumbnailKey].
	Thumbnail bool `json:"thumbnail,omitempty"`
	// Labels are those of the objects that have one, each once. Notices of
	// earlier versions of Notify have none.
	Labels []string `json:"labels,omitempty"`
	Error  *Failure `json:"error,omitempty"` // if all objects failed for the same reason
}
