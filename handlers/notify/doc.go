// Package notify is the function that ends a job: it runs when an object's
// result appears and sends the job's mails when the last one has: one to the
// user and one to the admin. Neither sees the other's address, and an address
// that SES refuses keeps back no other mail: in SES's sandbox, one recipient
// that is not verified has a message rejected for all of them.
//
// Two kinds of event reach it. The bucket tells of every n.result.json. The
// endpoint's error topic tells of requests that ended without an answer of the
// model server (expired, timed out, container died); each becomes a failed
// result document, whose creation comes round as the first kind.
//
// # Why no mail is lost, and when one can be repeated
//
// S3 is strongly consistent, so the run for a job's last result sees all of
// them; there is always a run that finds the job complete. Every run that does
// holds to one rule: it ends without an error only after it has seen in the
// job's notice that both mails are settled. Until then it fails, and Lambda keeps
// the event and runs it again, up to the dead-letter queue. A mail could be lost
// only if every one of those events were.
//
// A mail is settled when SES has accepted it, or when there is no address to
// send it to. The admin's mail says why the user got none. An admin's address
// that SES refuses is told by the metric MailsRefused and its alarm; where the
// user could not be told either, the run fails.
//
// Who sends is decided by a lease, notified.json ([job.Notice]). It is taken
// with If-None-Match: *, so of any number of runs at once one gets it. The
// others wait a moment for it to be settled. Where that does not come, a run
// takes the lease over, with If-Match, so again only one does, if
//
//   - the lease is older than the function's time limit: the run that took it
//     has been ended by Lambda and cannot send any more; or
//   - the lease is the run's own, from an earlier attempt at the same event:
//     Lambda keeps the request id over the attempts and begins the next one
//     only after the last has ended.
//
// Otherwise it fails, to be run again later. The user's mail is recorded in the
// lease before the admin's is sent, and a run that takes the lease over sends
// what is not recorded. So each mail goes out twice only if a run ends between
// SES's acceptance and the record of that mail: at that point nobody can know
// that it is out. Lambda may, rarely, deliver one event twice at once under one
// request id; the wait keeps the two apart unless sending takes longer than the
// wait.
package notify
