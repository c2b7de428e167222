package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// mailReader has the operations of SES that read.
type mailReader interface {
	GetAccount(context.Context, *sesv2.GetAccountInput, ...func(*sesv2.Options)) (*sesv2.GetAccountOutput, error)
	GetEmailIdentity(context.Context, *sesv2.GetEmailIdentityInput, ...func(*sesv2.Options)) (*sesv2.GetEmailIdentityOutput, error)
}

// mailAccount looks at the account's sending. In the sandbox SES mails only
// verified addresses.
// https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
func mailAccount(_ context.Context, w *world) Finding {
	account, err := w.sending()
	if err != nil {
		return unasked("ses:GetAccount", err)
	}
	switch status := aws.ToString(account.EnforcementStatus); {
	case status == "SHUTDOWN" || !account.SendingEnabled:
		return fix("aws sesv2 put-account-details --help", "SES sends nothing for this account (%s); answer AWS's case in the support center", status)
	case !account.ProductionAccessEnabled:
		return note(fmt.Sprintf("aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url https://example.com --use-case-description 'Results of jobs' %s", w.region()),
			"the account is in the sandbox and mails only verified addresses; ask AWS for production access")
	case status == "PROBATION":
		return note("", "SES reviews this account's bounces and complaints; see its reputation in the console")
	}
	return ok("production access")
}

// identity is what SES knows of an address or a domain.
type identity int

const (
	absent identity = iota
	pending
	verified
)

func (w *world) identity(ctx context.Context, name string) (identity, error) {
	out, err := w.mail.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &name})
	switch {
	case codeOf(err) == "NotFoundException":
		return absent, nil
	case err != nil:
		return absent, fmt.Errorf("asking for identity %s: %w", name, err)
	case out.VerifiedForSendingStatus:
		return verified, nil
	}
	return pending, nil
}

// address is the identity of an address or, where that is not verified, of its
// domain, which stands for every address in it.
// https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
func (w *world) address(ctx context.Context, address string) (identity, error) {
	own, err := w.identity(ctx, address)
	if err != nil || own == verified {
		return own, err
	}
	_, domain, _ := strings.Cut(address, "@")
	whole, err := w.identity(ctx, domain)
	return max(own, whole), err
}

func mailSender(ctx context.Context, w *world) Finding {
	name, look := w.config.Email.Sender, w.address
	if w.config.Email.Domain != "" {
		name, look = w.config.Email.Domain, w.identity
	}
	state, err := look(ctx, name)
	show := fmt.Sprintf("aws sesv2 get-email-identity --email-identity %s %s", name, w.region())
	switch {
	case err != nil:
		return unasked("ses:GetEmailIdentity", err)
	case state == verified:
		return ok("%s is verified", name)
	case state == pending && w.config.Email.Domain != "":
		return fix("pulumi stack output dkimRecords --stack "+w.stack, "%s is not verified; add the DKIM records to its DNS", name)
	case state == pending:
		return fix(show, "%s is not verified; follow the link in AWS's mail to it", name)
	}
	return note(show, "%s is not known to SES yet; make up creates its identity, which must then be confirmed", name)
}

// mailRecipients looks at the addresses that the sandbox lets the service mail:
// the admin's and those to verify.
func mailRecipients(ctx context.Context, w *world) Finding {
	account, err := w.sending()
	if err != nil {
		return unasked("ses:GetAccount", err)
	}
	if account.ProductionAccessEnabled {
		return ok("need no verification with production access")
	}
	addresses := append([]string{w.config.Email.Admin}, w.config.Email.Verify...)
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	var unknown, planned, unconfirmed []string
	for _, address := range addresses {
		switch state, err := w.address(ctx, address); {
		case err != nil:
			return unasked("ses:GetEmailIdentity", err)
		case state == absent && slices.Contains(w.config.Email.Verify, address):
			planned = append(planned, address)
		case state == absent:
			unknown = append(unknown, address)
		case state == pending:
			unconfirmed = append(unconfirmed, address)
		}
	}
	switch {
	case len(unconfirmed) > 0:
		return fix(fmt.Sprintf("aws sesv2 get-email-identity --email-identity %s %s", unconfirmed[0], w.region()),
			"%s not verified, and the sandbox mails only verified addresses; follow the link in AWS's mail to each", strings.Join(unconfirmed, ", "))
	case len(unknown) > 0:
		return fix(w.set("gen3d:email.verify", strings.Join(slices.Concat(w.config.Email.Verify, unknown), ",")),
			"%s not known to SES, and the sandbox mails only verified addresses; let make up create an identity", strings.Join(unknown, ", "))
	case len(planned) > 0:
		return note("", "%s not known to SES yet; make up creates an identity of each, and the link in AWS's mail confirms it", strings.Join(planned, ", "))
	}
	return ok("%s verified", strings.Join(addresses, ", "))
}
