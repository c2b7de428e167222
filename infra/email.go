package infra

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sesv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// MailToken is the type of [Mail].
const MailToken = "gen3d:infra:Mail"

// MailArgs are the inputs of [NewMail].
type MailArgs struct {
	Env    Environment
	Email  Email
	Alerts *Alerts
}

// Mail is the SES identity of the sender, with its configuration set.
type Mail struct {
	pulumi.ResourceState

	ConfigurationSet    pulumi.StringOutput // Notify, alarms
	ConfigurationSetARN pulumi.StringOutput // Notify's role
	// DKIMRecords are the CNAME records ("name → target") to add to the
	// domain's DNS; empty without a domain. Stack output.
	DKIMRecords pulumi.StringArrayOutput
	// Unverified are the identities that SES does not send from or, in its
	// sandbox, to: their owners have not followed AWS's link, or the domain's
	// DNS lacks the records. Stack output.
	Unverified pulumi.StringArrayOutput
}

// NewMail creates the SES identity and its configuration set. SES sends nothing
// until the sender has confirmed AWS's mail, or the domain's DNS has the DKIM
// records.
func NewMail(ctx *pulumi.Context, name string, args *MailArgs, opts ...pulumi.ResourceOption) (*Mail, error) {
	c := &Mail{}
	if err := ctx.RegisterComponentResource(MailToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D mail %s: %w", name, err)
	}
	set, err := sesv2.NewConfigurationSet(ctx, name+"-set", &sesv2.ConfigurationSetArgs{
		ConfigurationSetName: pulumi.String(args.Env.Name("Mail")),
		DeliveryOptions:      sesv2.ConfigurationSetDeliveryOptionsArgs{TlsPolicy: pulumi.String("REQUIRE")},
		ReputationOptions:    sesv2.ConfigurationSetReputationOptionsArgs{ReputationMetricsEnabled: pulumi.Bool(true)},
		SendingOptions:       sesv2.ConfigurationSetSendingOptionsArgs{SendingEnabled: pulumi.Bool(true)},
		SuppressionOptions:   sesv2.ConfigurationSetSuppressionOptionsArgs{SuppressedReasons: pulumi.ToStringArray([]string{"BOUNCE", "COMPLAINT"})},
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D mail configuration set: %w", err)
	}
	if _, err := sesv2.NewConfigurationSetEventDestination(ctx, name+"-events", &sesv2.ConfigurationSetEventDestinationArgs{
		ConfigurationSetName: set.ConfigurationSetName,
		EventDestinationName: pulumi.String(args.Env.Name("MailEvents")),
		EventDestination: sesv2.ConfigurationSetEventDestinationEventDestinationArgs{
			Enabled:            pulumi.Bool(true),
			MatchingEventTypes: pulumi.ToStringArray([]string{"BOUNCE", "COMPLAINT", "REJECT"}),
			SnsDestination:     sesv2.ConfigurationSetEventDestinationEventDestinationSnsDestinationArgs{TopicArn: args.Alerts.Topic.Arn},
		},
	}, pulumi.Parent(c), pulumi.DependsOn([]pulumi.Resource{args.Alerts.Ready})); err != nil {
		return nil, fmt.Errorf("creating Gen3D mail events: %w", err)
	}
	address := args.Email.Sender
	if args.Email.Domain != "" {
		address = args.Email.Domain
	}
	identity, err := sesv2.NewEmailIdentity(ctx, name+"-identity", &sesv2.EmailIdentityArgs{
		EmailIdentity:        pulumi.String(address),
		ConfigurationSetName: set.ConfigurationSetName,
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D mail identity: %w", err)
	}
	verified := pulumi.Map{address: identity.VerifiedForSendingStatus}
	for _, recipient := range args.Email.Verify {
		identity, err := sesv2.NewEmailIdentity(ctx, name+"-verify-"+recipient, &sesv2.EmailIdentityArgs{
			EmailIdentity: pulumi.String(recipient),
		}, pulumi.Parent(c))
		if err != nil {
			return nil, fmt.Errorf("creating Gen3D mail identity %s: %w", recipient, err)
		}
		verified[recipient] = identity.VerifiedForSendingStatus
	}
	c.Unverified = unverified(verified)
	c.ConfigurationSet = set.ConfigurationSetName
	c.ConfigurationSetARN = set.Arn
	c.DKIMRecords = dkimRecords(args.Email.Domain, identity.DkimSigningAttributes.Tokens())
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"configurationSet": c.ConfigurationSet, "dkimRecords": c.DKIMRecords}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D mail %s: %w", name, err)
	}
	return c, nil
}

// unverified returns the identities whose status is false, sorted. The status is
// that of the last up or refresh.
func unverified(verified pulumi.Map) pulumi.StringArrayOutput {
	return verified.ToMapOutput().ApplyT(func(verified map[string]any) []string {
		names := []string{}
		for name, status := range verified {
			if ok, _ := status.(bool); !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}).(pulumi.StringArrayOutput)
}

// https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
func dkimRecords(domain string, tokens pulumi.StringArrayOutput) pulumi.StringArrayOutput {
	return tokens.ApplyT(func(tokens []string) []string {
		records := []string{}
		if domain == "" {
			return records
		}
		for _, token := range tokens {
			records = append(records, fmt.Sprintf("%s._domainkey.%s CNAME %s.dkim.amazonses.com", token, domain, token))
		}
		return records
	}).(pulumi.StringArrayOutput)
}
