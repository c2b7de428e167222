package mailbox

import (
	"net/mail"
	"slices"
	"strings"
)

// maxRecipients is SES's limit for To, Cc and Bcc together.
const maxRecipients = 50

// checkAddresses checks the sender and the recipients as SES does and returns
// the recipients' bare addresses.
func (m *Mailbox) checkAddresses(input sendInput, parsed content) ([]string, *fault) {
	senders := []string{}
	if input.FromEmailAddress != "" {
		senders = append(senders, input.FromEmailAddress)
	}
	header := parsed.header.Get("From")
	if header == "" {
		return nil, badRequest("Missing required header 'From'.")
	}
	senders = append(senders, header)
	// SES checks these as well where a message has them.
	for _, name := range []string{"Sender", "Return-Path"} {
		if value := parsed.header.Get(name); value != "" {
			senders = append(senders, value)
		}
	}
	var failed []string
	for _, sender := range senders {
		addresses, err := mail.ParseAddressList(sender)
		if err != nil {
			return nil, badRequest("Invalid sender address %q.", sender)
		}
		for _, address := range addresses {
			if !verified(m.config.Identities, address.Address) && !slices.Contains(failed, address.Address) {
				failed = append(failed, address.Address)
			}
		}
	}
	to, refused := m.recipients(input, parsed)
	if refused != nil {
		return nil, refused
	}
	for _, address := range to {
		if m.config.Sandbox && !m.sandboxed(address) && !slices.Contains(failed, address) {
			failed = append(failed, address)
		}
	}
	if len(failed) > 0 {
		return nil, rejected("Email address is not verified. The following identities failed the check in region %s: %s",
			strings.ToUpper(m.config.Region), strings.Join(failed, ", "))
	}
	return to, nil
}

// sandboxed reports whether an account in the sandbox may send to the address:
// verified addresses and those of the mailbox simulator.
// https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
// https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
func (m *Mailbox) sandboxed(address string) bool {
	return verified(m.config.Identities, address) || verified(m.config.Verified, address) ||
		verified([]string{"simulator.amazonses.com"}, address)
}

// verified reports whether the address or its domain is one of the identities.
// Domains are compared case-insensitively, local parts case-sensitively.
func verified(identities []string, address string) bool {
	local, domain, _ := cutAddress(address)
	return slices.ContainsFunc(identities, func(identity string) bool {
		identityLocal, identityDomain, whole := cutAddress(identity)
		if !whole {
			return strings.EqualFold(identity, domain)
		}
		return identityLocal == local && strings.EqualFold(identityDomain, domain)
	})
}

// recipients returns those of the request or, if it has none, those of the
// message.
func (m *Mailbox) recipients(input sendInput, parsed content) ([]string, *fault) {
	listed := slices.Concat(input.Destination.ToAddresses, input.Destination.CcAddresses, input.Destination.BccAddresses)
	if len(listed) == 0 {
		for _, name := range []string{"To", "Cc", "Bcc"} {
			for fields := parsed.header.FieldsByKey(name); fields.Next(); {
				addresses, err := mail.ParseAddressList(fields.Value())
				if err != nil {
					return nil, badRequest("The header %s holds an invalid address.", name)
				}
				for _, address := range addresses {
					listed = append(listed, address.String())
				}
			}
		}
	}
	switch {
	case len(listed) == 0:
		return nil, badRequest("The mail has no recipient.")
	case len(listed) > maxRecipients:
		return nil, badRequest("Recipient count exceeds %d.", maxRecipients)
	}
	to := make([]string, 0, len(listed))
	for _, text := range listed {
		address, err := mail.ParseAddress(text)
		if err != nil {
			return nil, badRequest("Invalid recipient address %q.", text)
		}
		local, _, whole := cutAddress(address.Address)
		if !whole || !isASCII(local) {
			return nil, badRequest("Invalid recipient address %q: the part before the @ must be ASCII.", text)
		}
		if strings.EqualFold(local, "refused") || m.refused[strings.ToLower(address.Address)] {
			return nil, rejected("The recipient %s is refused.", address.Address)
		}
		to = append(to, address.Address)
	}
	return to, nil
}

// cutAddress splits at the last @, because a quoted local part may contain one.
func cutAddress(address string) (local, domain string, whole bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", address, false
	}
	return address[:at], address[at+1:], true
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 126 || r < 33 })
}
