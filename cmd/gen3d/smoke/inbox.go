package smoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/emersion/go-message/mail"

	"gen3d/cmd/gen3d/console"
	"gen3d/internal/job"
)

// inbox is a place in S3 where a receipt rule of SES stores mails.
// https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
type inbox struct{ address, bucket, prefix string }

// openInbox returns the inbox of the options, which may be empty.
func openInbox(options Options) (inbox, error) {
	if options.Inbox == "" && options.InboxAddress == "" {
		return inbox{}, nil
	}
	rest, ok := strings.CutPrefix(options.Inbox, "s3://")
	name, prefix, _ := strings.Cut(rest, "/")
	if !ok || name == "" || options.InboxAddress == "" {
		return inbox{}, errors.New("an inbox needs both --inbox, such as s3://mails/inbox/, and --inbox-address")
	}
	return inbox{address: options.InboxAddress, bucket: name, prefix: prefix}, nil
}

// mails expects that SES has accepted both mails about each job, as Notify has
// recorded it in notified.json, and that the inbox, if there is one, has got
// those to user A.
func (s *stack) mails(ctx context.Context, r *run) (string, error) {
	began := time.Now()
	for _, j := range r.jobs {
		if err := r.notified(ctx, j.id); err != nil {
			return "", err
		}
		notice, _, err := r.target.Data.Notice(ctx, job.Ref{User: r.a.id, Job: job.ID(j.id)})
		if err != nil {
			return "", fmt.Errorf("reading notified.json of job %s: %w", j.id, err)
		}
		for _, to := range []struct {
			who       string
			delivered *job.Delivery
		}{{"user A", notice.User}, {"the admin", notice.Admin}} {
			if !to.delivered.Sent() {
				reason := "no record"
				if to.delivered != nil {
					reason = to.delivered.Unsent
				}
				return "", &mismatch{"SES to accept the mail about job " + j.id + " to " + to.who, reason,
					"verify the address, or ask AWS to take the account out of the sandbox: gen3d check " + r.target.Option()}
			}
		}
	}
	if s.inbox.bucket == "" {
		return console.Count(len(r.jobs), "mail") + " to the mailbox simulator and to the admin accepted by SES", nil
	}
	for _, j := range r.jobs {
		if err := s.inbox.receive(ctx, r, j.id, began); err != nil {
			return "", err
		}
	}
	return console.Count(len(r.jobs), "mail") + " received in " + s.inbox.bucket, nil
}

// receive waits until the inbox has a mail with the link to a job.
func (i inbox) receive(ctx context.Context, r *run, id string, began time.Time) error {
	link := r.page + "/jobs/" + id
	looked := map[string]bool{}
	for {
		pages := s3.NewListObjectsV2Paginator(r.target.S3, &s3.ListObjectsV2Input{Bucket: &i.bucket, Prefix: &i.prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return &mismatch{"a list of the inbox " + i.bucket, err.Error(), "the credentials need s3:ListBucket and s3:GetObject on it"}
			}
			for _, o := range page.Contents {
				key := aws.ToString(o.Key)
				if looked[key] || aws.ToTime(o.LastModified).Before(began.Add(-r.options.Timeout*waits-margin)) {
					continue
				}
				looked[key] = true
				if found, err := i.has(ctx, r.target.S3, key, link); err != nil || found {
					return err
				}
			}
		}
		if waited := time.Since(began); waited >= mailTime {
			return &mismatch{"a mail about job " + id + " in the inbox " + i.bucket, "none after " + waited.Round(time.Second).String(), "look at the receipt rule of SES and at the address"}
		}
		if !r.wait(ctx) {
			return fmt.Errorf("waiting for the mail about job %s: %w", id, ctx.Err())
		}
	}
}

// has reports whether a part of a stored mail contains a text.
func (i inbox) has(ctx context.Context, client *s3.Client, key, text string) (bool, error) {
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &i.bucket, Key: &key})
	if err != nil {
		return false, fmt.Errorf("reading a mail of the inbox %s: %w", i.bucket, err)
	}
	defer func() { _ = got.Body.Close() }()
	reader, err := mail.CreateReader(io.LimitReader(got.Body, maxMail))
	if err != nil {
		return false, nil // another object, such as AMAZON_SES_SETUP_NOTIFICATION
	}
	for {
		part, err := reader.NextPart()
		if err != nil {
			return false, nil // the end, or a damaged mail
		}
		body, err := io.ReadAll(part.Body)
		if err == nil && strings.Contains(string(body), text) {
			return true, nil
		}
	}
}

// maxMail is the size of a mail that is read, in bytes: SES accepts up to 40 MB.
const maxMail = 40 << 20
