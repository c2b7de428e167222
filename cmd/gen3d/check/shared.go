package check

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"gen3d/infra/settings"
)

// Unasked returns the finding for a call to AWS that failed. permission is the
// action that it needs.
func Unasked(permission string, err error) Finding { return unasked(permission, err) }

// Credentials returns the account of the configuration's credentials.
func Credentials(ctx context.Context, cfg aws.Config) (account string, f Finding) {
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		f = credentialsRefused(err)
	} else {
		account = aws.ToString(who.Account)
		f = ok("account %s, region %s", account, cfg.Region)
	}
	f.Check = "credentials"
	return account, f
}

// Mail makes the checks of SES for a deployed stack.
func Mail(ctx context.Context, cfg aws.Config, config settings.Config, env settings.Environment) []Finding {
	client := sesv2.NewFromConfig(cfg)
	w := &world{stack: env.Stack, config: config, valid: true, env: env, mail: client}
	w.sending = sync.OnceValues(func() (*sesv2.GetAccountOutput, error) { return client.GetAccount(ctx, &sesv2.GetAccountInput{}) })
	var findings []Finding
	for _, c := range []struct {
		name string
		look func(context.Context, *world) Finding
	}{{"SES account", mailAccount}, {"SES sender", mailSender}, {"SES recipients", mailRecipients}} {
		f := c.look(ctx, w)
		f.Check = c.name
		findings = append(findings, f)
	}
	return findings
}

// SettingsFile reads the settings in a stack's file, such as Pulumi.dev.yaml.
func SettingsFile(path string) (settings.Config, error) {
	text, err := os.ReadFile(path) // #nosec G304 -- named by the user
	if err != nil {
		return settings.Config{}, fmt.Errorf("reading a stack's settings: %w", err)
	}
	found, err := parseSettings(text)
	if err != nil {
		return settings.Config{}, fmt.Errorf("reading the settings in %s: %w", path, err)
	}
	return settings.Load(found.values)
}
