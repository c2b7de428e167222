// Package notify is the Lambda function that ends a job. It runs when an
// object's result is created and, when all objects have a result, sends the
// job's mails: one to the user and one to the admin. Neither recipient sees the
// other's address, and an address that SES refuses does not block the other
// mail: in the SES sandbox, a message with several recipients is rejected for
// all of them if one is not verified.
//
// Before the mails it puts the job's objects together in one scene ([job.Scene],
// [gen3d/internal/scene]), if at least two were made. The job does not depend on
// it: a scene that fails, or takes longer than a third of the function's time,
// is recorded as failed, and the mails are sent. Runs for several events can make
// the same scene at the same time; the first that writes a file is kept, and all
// write the same bytes. Objects' files are read while the scene is written, so
// their size does not matter to the function's memory.
//
// There are two kinds of events. The bucket sends one for every n.result.json.
// The endpoint's error topic sends one for a request that ended without an
// answer of the model server (expired, timed out, container exited). Notify
// writes a failed result for it, whose creation causes an event of the first
// kind.
//
// After that it records how long the object took, and how long the start of the
// instance took that it waited for, from which the API estimates how long the
// next jobs wait ([job.Times]). An event that is repeated can be recorded twice,
// which changes a quantile little.
//
// # At-least-once delivery of mails
//
// S3 is strongly consistent, so the run for a job's last result sees all
// results; some run always finds the job complete. Each of these runs ends
// without an error only after it has read in the job's notice that both mails
// are settled. Until then it fails, and Lambda runs the event again and finally
// sends it to the dead-letter queue. A mail is lost only if this happens to
// every one of those events.
//
// A mail is settled when SES has accepted it, or when there is no address to
// send it to. The admin's mail says why the user got none. If SES refuses the
// admin's address, the metric MailsRefused raises an alarm; if no mail reached
// the user either, the run fails.
//
// The lease notified.json ([job.Notice]) decides which run sends. It is created
// with If-None-Match: *, so exactly one run gets it. The others wait a moment
// for the mails to be settled. If they are not, a run takes the lease over with
// If-Match, so again exactly one succeeds, if
//
//   - the lease is older than the function's timeout: Lambda has ended the run
//     that took it, which can send no more mail; or
//   - the lease was taken by an earlier attempt at the same event: Lambda keeps
//     the request ID for all attempts and starts one only after the previous
//     has ended.
//
// Otherwise the run fails and is repeated later. The user's mail is recorded in
// the lease before the admin's is sent, and a run that takes over sends only
// mails that are not recorded. A mail is therefore sent twice only if a run
// ends after SES has accepted it and before it is recorded; no later run can
// tell whether it was accepted. Lambda can, rarely, deliver one event twice
// concurrently under one request ID. The wait separates the two runs unless
// sending takes longer than the wait.
package notify
