// Package settings reads and validates a stack's settings, and names its
// resources. It imports no package of Pulumi, so that programs other than the
// Pulumi program can use it.
//
// [Load] reads a stack's [Config] from its settings and returns all problems.
package settings

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	modelinstances "gen3d/internal/instances"
	"gen3d/internal/job"
)

// Config is the configuration of a stack: the keys of its settings in the
// gen3d: namespace. [Keys] documents each with its default.
type Config struct {
	Model       Model
	Autoscaling Autoscaling
	Email       Email
	Website     Website
	Auth        Auth
	Notebook    Notebook
	Retention   Retention
	Limits      job.Limits

	LogRetentionDays   int
	Alarms             bool
	BudgetMonthlyUSD   int // 0: no budget
	PrivateNetwork     bool
	KMS                bool
	WAF                bool
	ProtectData        bool
	ReserveConcurrency bool
}

// Model configures the endpoint.
type Model struct {
	Enabled      bool
	Remove       bool   // confirms that the endpoint may be deleted where Enabled is false
	Image        string // "build", or an image by digest
	InstanceType string
	// InferenceAMIVersion names the image of the instance's host, which has the
	// GPU's driver; empty: the one of the instance type.
	InferenceAMIVersion string
	MaxConcurrency      int // concurrent requests an instance; the GPU runs one object at a time
	// In seconds.
	InvocationTimeout, RequestTTL, StartupTimeout, DownloadTimeout int
}

// Instance describes the model's instance type.
func (m Model) Instance() Instance {
	instance, _ := FindInstance(m.InstanceType) // Validate refuses unknown types
	return instance
}

// ImageByDigest returns the parts of an image that is given by digest.
func (m Model) ImageByDigest() (account, repository, digest string, given bool) {
	parts := imageParts.FindStringSubmatch(m.Image)
	if parts == nil {
		return "", "", "", false
	}
	return parts[1], parts[2], parts[3], true
}

// HostAMI returns the version of the host's image (InferenceAmiVersion).
func (m Model) HostAMI() string {
	if m.InferenceAMIVersion != "" {
		return m.InferenceAMIVersion
	}
	return m.Instance().AMIVersion
}

// BuildImage is the value of model.image that builds the image from this checkout.
const BuildImage = "build"

// Executions that functions.reserveConcurrency reserves.
const (
	NotifyConcurrency = 10 // below SES's sending rate
	SweepConcurrency  = 1  // one sweep at a time
)

// Autoscaling configures the scaling of the endpoint, from zero when Min is 0.
type Autoscaling struct {
	Enabled            bool
	Min, Max           int    // instances
	Wake               string // when the functions start the first instance; see [modelinstances.When]
	BacklogPerInstance int    // requests
	ScaleOutCooldown   int    // seconds
	IdleMinutes        int    // without a request, before the return to Min
	Warm               string
}

// Hours returns the warm hours.
func (a Autoscaling) Hours() WarmHours {
	hours, _ := ParseWarmHours(a.Warm) // Validate refuses invalid ones
	return hours
}

// Email configures the sender, and the addresses of the admin and of the users'
// contact.
type Email struct {
	Sender, Admin string
	Support       string // shown on the page; empty: none
	Domain        string // verified with DKIM; empty: only the sender's address is verified
	// Verify are recipients whose addresses become identities, so that an
	// account in SES's sandbox can mail them.
	Verify []string
}

// Website is the page's own domain; both fields are empty for CloudFront's.
type Website struct{ Domain, CertificateARN string }

// Auth configures sign-up and multi-factor authentication.
type Auth struct {
	SelfSignUp bool
	MFA        string // off, optional or required
}

// Notebook configures the notebook instance that prepares weights.
type Notebook struct {
	Enabled      bool
	InstanceType string
	StopHour     int // of every day, UTC
}

// Retention configures how long objects are kept.
type Retention struct {
	JobsDays       int // photos and results; 0: until their users delete them
	OldVersionDays int // overwritten and deleted versions
}

// Namespace of the keys in a stack's settings.
const Namespace = "gen3d"

// Load reads a stack's settings, a map from full keys
// (gen3d:model.enabled) to values. It ignores keys of other namespaces. It
// returns all problems as one [ConfigError].
func Load(settings map[string]string) (Config, error) {
	var c Config
	var problems []string
	known := map[string]Key{}
	for _, key := range keys {
		known[key.Name] = key
		if err := key.set(&c, key.Default); err != nil {
			return Config{}, fmt.Errorf("the default of %s:%s: %w", Namespace, key.Name, err)
		}
	}
	for _, name := range sortedKeys(settings) {
		short, ours := strings.CutPrefix(name, Namespace+":")
		if !ours {
			continue
		}
		key, ok := known[short]
		if !ok {
			problems = append(problems, unknownKey(short))
			continue
		}
		if err := key.set(&c, settings[name]); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", name, err))
		}
	}
	if err := c.Validate(); err != nil {
		problems = append(problems, strings.Split(err.Error(), "\n")...)
	}
	if len(problems) > 0 {
		return Config{}, ConfigError{Problems: problems}
	}
	return c, nil
}

func sortedKeys(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func unknownKey(short string) string {
	var group []string
	for _, key := range keys {
		if prefix, _, _ := strings.Cut(key.Name, "."); prefix == short {
			group = append(group, key.Name)
		}
	}
	if len(group) > 0 {
		return fmt.Sprintf("%s:%s is a group, not a key; set %s without --path", Namespace, short, strings.Join(group, ", "))
	}
	return fmt.Sprintf("%s:%s is unknown; delete it or correct it to %s", Namespace, short, nearestKey(short))
}

// ConfigError lists all problems of a stack's settings.
type ConfigError struct{ Problems []string }

func (e ConfigError) Error() string {
	count := "1 problem"
	if n := len(e.Problems); n > 1 {
		count = fmt.Sprintf("%d problems", n)
	}
	return fmt.Sprintf("the stack's settings have %s; nothing was changed:\n  - %s", count, strings.Join(e.Problems, "\n  - "))
}

var (
	// An image in ECR, by digest.
	// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-containers-inference-private.html
	imageParts         = regexp.MustCompile(`^(\d{12})\.[^/]+/([^:@]+)[^@]*@(sha256:[0-9a-f]{64})$`)
	imagePattern       = regexp.MustCompile(`^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9][a-z0-9._/-]*(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64}$`)
	domainPattern      = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
	certificatePattern = regexp.MustCompile(`^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]{36}$`)
	notebookPattern    = regexp.MustCompile(`^ml\.[a-z0-9]+\.[0-9]*x?(large|medium)$`)
)

// notOnAL2023 are the families that the platform notebook-al2023-v1 does not
// support: https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html
var notOnAL2023 = []string{"p2", "p3", "p3dn", "inf1", "g3"}

// logRetentions are the retention periods in days that CloudWatch Logs accepts.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var logRetentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// Validate returns all problems, joined. Each names its key and a valid value.
func (c Config) Validate() error {
	var problems []error
	bad := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s:%s: %s", Namespace, key, fmt.Sprintf(format, args...)))
	}
	within := func(key string, value, low, high int) {
		if value < low || value > high {
			bad(key, "%d is out of range; set %d to %d", value, low, high)
		}
	}

	if _, err := FindInstance(c.Model.InstanceType); err != nil {
		bad("model.instanceType", "%v", err)
	}
	if version := c.Model.InferenceAMIVersion; version != "" {
		if err := checkAMIVersion(version); err != nil {
			bad("model.inferenceAmiVersion", "%v", err)
		}
	}
	if c.Model.Image != BuildImage && !imagePattern.MatchString(c.Model.Image) {
		bad("model.image", "%q is neither %q nor an image in ECR by digest; write 123456789012.dkr.ecr.us-east-1.amazonaws.com/name@sha256:…", c.Model.Image, BuildImage)
	}
	// Bounds of InvokeEndpointAsync, ProductionVariant and
	// AsyncInferenceClientConfig:
	// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
	// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
	within("model.maxConcurrency", c.Model.MaxConcurrency, 1, 1000)
	within("model.invocationTimeoutSeconds", c.Model.InvocationTimeout, 120, 3600)
	within("model.requestTtlSeconds", c.Model.RequestTTL, 60, 21600)
	within("model.startupTimeoutSeconds", c.Model.StartupTimeout, 60, 3600)
	within("model.downloadTimeoutSeconds", c.Model.DownloadTimeout, 60, 3600)

	within("autoscaling.min", c.Autoscaling.Min, 0, 100)
	within("autoscaling.max", c.Autoscaling.Max, 1, 100)
	if c.Autoscaling.Min > c.Autoscaling.Max {
		bad("autoscaling.min", "%d is above autoscaling.max, %d; swap them", c.Autoscaling.Min, c.Autoscaling.Max)
	}
	if err := modelinstances.When(c.Autoscaling.Wake).Validate(); err != nil {
		bad("autoscaling.wake", "%v", err)
	}
	within("autoscaling.backlogPerInstance", c.Autoscaling.BacklogPerInstance, 1, 1000)
	if cooldown := c.Autoscaling.ScaleOutCooldown; cooldown < c.Model.InvocationTimeout || cooldown > 86400 {
		bad("autoscaling.scaleOutCooldown", "%d seconds; set at least the longest time of one object (model.invocationTimeoutSeconds, %d) and at most 86400", cooldown, c.Model.InvocationTimeout)
	}
	within("autoscaling.idleMinutes", c.Autoscaling.IdleMinutes, 1, 60)
	if _, err := ParseWarmHours(c.Autoscaling.Warm); err != nil {
		bad("autoscaling.warm", "%v", err)
	} else if c.Autoscaling.Warm != "" && c.Autoscaling.Min > 0 {
		bad("autoscaling.warm", "autoscaling.min is %d, which keeps an instance at all hours; set one of the two", c.Autoscaling.Min)
	}

	addresses := map[string]string{"email.sender": c.Email.Sender, "email.admin": c.Email.Admin}
	if c.Email.Support != "" {
		addresses["email.support"] = c.Email.Support
	}
	for key, address := range addresses {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			bad(key, "%q is not an email address; write name@example.com", address)
		}
	}
	for i, address := range c.Email.Verify {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			bad("email.verify", "%q is not an email address; write a@example.com,b@example.com", address)
		} else if slices.Contains(c.Email.Verify[:i], address) {
			bad("email.verify", "%q is listed twice; delete one", address)
		} else if address == c.Email.Sender && c.Email.Domain == "" {
			bad("email.verify", "%q is the sender, which is verified already; delete it here", address)
		}
	}
	if c.Email.Domain != "" {
		if !domainPattern.MatchString(c.Email.Domain) {
			bad("email.domain", "%q is not a domain; write example.com", c.Email.Domain)
		} else if _, host, _ := strings.Cut(c.Email.Sender, "@"); host != c.Email.Domain && !strings.HasSuffix(host, "."+c.Email.Domain) {
			bad("email.sender", "%q is not in email.domain, %s; use an address of that domain", c.Email.Sender, c.Email.Domain)
		}
	}

	if (c.Website.Domain == "") != (c.Website.CertificateARN == "") {
		bad("website.domain", "the page's own domain needs both website.domain and website.certificateArn; set both or neither")
	}
	if c.Website.Domain != "" && !domainPattern.MatchString(c.Website.Domain) {
		bad("website.domain", "%q is not a domain; write gen3d.example.com", c.Website.Domain)
	}
	if c.Website.CertificateARN != "" && !certificatePattern.MatchString(c.Website.CertificateARN) {
		bad("website.certificateArn", "%q is not an ACM certificate in us-east-1, where CloudFront needs it; write arn:aws:acm:us-east-1:…:certificate/…", c.Website.CertificateARN)
	}

	if !slices.Contains([]string{"off", "optional", "required"}, c.Auth.MFA) {
		bad("auth.mfa", "%q; set off, optional or required", c.Auth.MFA)
	}
	if !notebookPattern.MatchString(c.Notebook.InstanceType) {
		bad("notebook.instanceType", "%q is not a notebook instance type; write one such as ml.t3.medium", c.Notebook.InstanceType)
	} else if family := strings.Split(c.Notebook.InstanceType, ".")[1]; slices.Contains(notOnAL2023, family) {
		bad("notebook.instanceType", "%s does not run notebook-al2023-v1, the only platform for new notebooks; set ml.t3.medium, or a newer GPU type such as ml.g5.2xlarge", c.Notebook.InstanceType)
	}
	within("notebook.stopHour", c.Notebook.StopHour, 0, 23)
	within("retention.jobsDays", c.Retention.JobsDays, 0, 36500)
	within("retention.oldVersionDays", c.Retention.OldVersionDays, 1, 36500)
	if !slices.Contains(logRetentions, c.LogRetentionDays) {
		bad("logs.retentionDays", "%d is not a retention period of CloudWatch Logs; set one of %s", c.LogRetentionDays, strings.Trim(fmt.Sprint(logRetentions), "[]"))
	}
	within("budget.monthlyUsd", c.BudgetMonthlyUSD, 0, 10_000_000)
	// S3 accepts a POST of at most 5 GB; the memory of the functions limits
	// photos to far less.
	within("limits.maxBytes", int(c.Limits.MaxBytes), 1, 100<<20)
	within("limits.maxPixels", int(c.Limits.MaxPixels), 1, 200_000_000)
	within("limits.minSide", c.Limits.MinSide, 1, 10_000)
	within("limits.maxObjects", c.Limits.MaxObjects, 1, 100)
	within("limits.minBox", c.Limits.MinBox, 1, 10_000)
	within("limits.maxUnfinished", c.Limits.MaxUnfinished, 1, 1000)
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}
