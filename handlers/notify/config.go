package notify

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"time"
)

// Config is the function's environment.
type Config struct {
	// Bucket is the name of the data bucket.
	Bucket string `env:"DATA_BUCKET"`
	// WebsiteURL is the origin of the page. Mails link to
	// {WebsiteURL}/jobs/{jobId}.
	WebsiteURL string `env:"WEBSITE_URL"`
	// Sender is the From address of mails, which must be verified in SES.
	Sender string `env:"EMAIL_SENDER"`
	// Admin is the address that gets a mail about every job.
	Admin string `env:"EMAIL_ADMIN"`
	// ConfigurationSet is the name of an SES configuration set, or empty.
	ConfigurationSet string `env:"SES_CONFIGURATION_SET"`
	// UserPoolID is the ID of the Cognito user pool.
	UserPoolID string `env:"USER_POOL_ID"`
	// LeaseSeconds is the function's timeout: the run that took an older
	// lease has ended.
	LeaseSeconds int `env:"LEASE_SECONDS" envDefault:"60"`
	// Stack is the name of the stack, a dimension of the metrics.
	Stack string `env:"STACK" envDefault:"local"`
}

// Lease returns how long a lease on a job's mails is valid.
func (c Config) Lease() time.Duration { return time.Duration(c.LeaseSeconds) * time.Second }

// Validate returns every invalid value, joined in one error.
func (c Config) Validate() error {
	var problems []error
	missing := func(name, value string) bool {
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is not set", name))
		}
		return value == ""
	}
	missing("DATA_BUCKET", c.Bucket)
	missing("USER_POOL_ID", c.UserPoolID)
	if !missing("WEBSITE_URL", c.WebsiteURL) {
		if u, err := url.Parse(c.WebsiteURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			problems = append(problems, fmt.Errorf("WEBSITE_URL %q must be an address such as https://example.com", c.WebsiteURL))
		}
	}
	for name, address := range map[string]string{"EMAIL_SENDER": c.Sender, "EMAIL_ADMIN": c.Admin} {
		if missing(name, address) {
			continue
		}
		if _, err := mail.ParseAddress(address); err != nil {
			problems = append(problems, fmt.Errorf("%s must be a mail address such as admin@example.com: %w", name, err))
		}
	}
	if c.LeaseSeconds < 1 {
		problems = append(problems, fmt.Errorf("LEASE_SECONDS is %d; it must be the function's timeout, at least 1", c.LeaseSeconds))
	}
	return errors.Join(problems...)
}
