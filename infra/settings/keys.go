package settings

import (
	"fmt"
	"strconv"
	"strings"

	modelinstances "gen3d/internal/instances"
	"gen3d/internal/job"
)

// Key is a key of a stack's settings, with its documentation.
type Key struct {
	Name    string // without the namespace
	Default string
	Doc     string
	set     func(*Config, string) error
}

// Keys lists every key of a stack's settings, in the order of the documents.
func Keys() []Key { return append([]Key(nil), keys...) }

// TokenKey is the only secret: pulumi config set --secret huggingFaceToken. It
// is read as a secret where it is used and is not part of [Config].
const TokenKey = "huggingFaceToken"

var keys = []Key{
	flag("model.enabled", false, "Deploy the endpoint. Off for the first up, until the weights are in the model bucket.", func(c *Config) *bool { return &c.Model.Enabled }),
	flag("model.remove", false, "Confirm that an up with model.enabled false deletes the existing endpoint; without it, such an up is refused.", func(c *Config) *bool { return &c.Model.Remove }),
	text("model.image", BuildImage, "build: the image of this checkout, which gen3d image push has pushed (make up runs it). Or an image in ECR, by digest.", func(c *Config) *string { return &c.Model.Image }),
	text("model.instanceType", "ml.g6e.xlarge", "SageMaker hosting type; one GPU needs 32 GB. SageMaker refuses to change it under autoscaling: set autoscaling.enabled to false, up, change it, up, and back.", func(c *Config) *string { return &c.Model.InstanceType }),
	text("model.inferenceAmiVersion", "", "Version of the host's image, which has the GPU's driver (InferenceAmiVersion of CreateEndpointConfig). Empty: the one that fits the instance type and the image's CUDA.", func(c *Config) *string { return &c.Model.InferenceAMIVersion }),
	number("model.maxConcurrency", 3, "Concurrent requests to an instance. The GPU runs one object at a time; a second one overlaps its input, a third one the writing of its files.", func(c *Config) *int { return &c.Model.MaxConcurrency }),
	number("model.invocationTimeoutSeconds", 900, "Timeout of a request for one object, 120 to 3600; the model server times out a minute earlier.", func(c *Config) *int { return &c.Model.InvocationTimeout }),
	number("model.requestTtlSeconds", 21600, "How long a request may wait in the queue, 60 to 21600.", func(c *Config) *int { return &c.Model.RequestTTL }),
	number("model.startupTimeoutSeconds", 1800, "How long the container may load the weights before /ping must succeed, 60 to 3600.", func(c *Config) *int { return &c.Model.StartupTimeout }),
	number("model.downloadTimeoutSeconds", 1800, "How long the download of the weights to the instance may take, 60 to 3600.", func(c *Config) *int { return &c.Model.DownloadTimeout }),

	flag("autoscaling.enabled", true, "Scale the endpoint on its backlog. Off: one instance, always.", func(c *Config) *bool { return &c.Autoscaling.Enabled }),
	number("autoscaling.min", 0, "Minimum of instances. With 0 an idle service costs nothing, and the first job waits until an instance has started.", func(c *Config) *int { return &c.Autoscaling.Min }),
	number("autoscaling.max", 1, "Maximum of instances, within the account's quota for the type. An update of the endpoint starts the new instances before it stops the old ones: ask for a quota of autoscaling.max + 1.", func(c *Config) *int { return &c.Autoscaling.Max }),
	text("autoscaling.wake", string(modelinstances.OnSubmit), "What starts the first instance. submit: a submitted job, at once. photo: also a signed-in user who has chosen a photo, so that the instance starts while objects are marked; at most once a minute and ten times in 24 hours a user. alarm: only the alarm on the backlog, minutes later, which otherwise is the fallback.", func(c *Config) *string { return &c.Autoscaling.Wake }),
	number("autoscaling.backlogPerInstance", 2, "Target of requests waiting or running for each instance.", func(c *Config) *int { return &c.Autoscaling.BacklogPerInstance }),
	number("autoscaling.scaleOutCooldown", 900, "Seconds between two scale-outs; at least model.invocationTimeoutSeconds.", func(c *Config) *int { return &c.Autoscaling.ScaleOutCooldown }),
	number("autoscaling.idleMinutes", 5, "Minutes without a waiting or running request after which the instances return to autoscaling.min, 1 to 60.", func(c *Config) *int { return &c.Autoscaling.IdleMinutes }),
	text("autoscaling.warm", "", "Hours during which one instance is kept, such as weekdays 8-18 Europe/Berlin: days (daily, weekdays, weekends, or mon,wed,fri), hours, and an IANA time zone. Empty: none. [scaling.md](scaling.md) has costs and waits.", func(c *Config) *string { return &c.Autoscaling.Warm }),

	text("email.sender", "noreply@genesis3d.com", "Sender of the mails about jobs.", func(c *Config) *string { return &c.Email.Sender }),
	text("email.admin", "info@2112-lab.com", "Recipient of a mail about every job, of alarms and of budget notices.", func(c *Config) *string { return &c.Email.Admin }),
	text("email.domain", "", "Domain of the sender, verified with DKIM. Empty: only the sender's address is verified.", func(c *Config) *string { return &c.Email.Domain }),
	text("email.support", "", "Address that the page names for questions and problems. Empty: none.", func(c *Config) *string { return &c.Email.Support }),

	addresses("email.verify", "", "Addresses, separated by commas, that become identities of SES, such as the admin's and the testers': SES mails each a link, and an account in SES's sandbox can send only to addresses that have followed it. The output unverifiedEmails lists the rest.", func(c *Config) *[]string { return &c.Email.Verify }),

	text("website.domain", "", "The page's own domain, whose DNS points at CloudFront. Empty: CloudFront's name.", func(c *Config) *string { return &c.Website.Domain }),
	text("website.certificateArn", "", "ACM certificate of that domain, in us-east-1.", func(c *Config) *string { return &c.Website.CertificateARN }),

	flag("auth.selfSignUp", false, "Let anyone with an email address sign up.", func(c *Config) *bool { return &c.Auth.SelfSignUp }),
	text("auth.mfa", "optional", "One-time codes of an authenticator app: off, optional or required.", func(c *Config) *string { return &c.Auth.MFA }),

	flag("notebook.enabled", false, "A notebook instance that prepares sam-3d-objects and its weights.", func(c *Config) *bool { return &c.Notebook.Enabled }),
	text("notebook.instanceType", "ml.t3.medium", "Type of that instance. The default, which new accounts may start, downloads and uploads weights; it has no GPU and runs no model, so the image is not pulled. one-photo.ipynb needs 32 GB on one GPU; of the notebook types that the AWS provider accepts, ml.p4d.24xlarge has that, and its quota is 0 until AWS raises it. ml.p2, ml.p3, ml.p3dn, ml.g3 and ml.inf1 are refused: Amazon Linux 2023 does not run on them.", func(c *Config) *string { return &c.Notebook.InstanceType }),
	number("notebook.stopHour", 20, "Hour (UTC) at which it is stopped every day.", func(c *Config) *int { return &c.Notebook.StopHour }),

	number("retention.jobsDays", 0, "Days after which photos and results are deleted; 0: only when their user deletes them.", func(c *Config) *int { return &c.Retention.JobsDays }),
	number("retention.oldVersionDays", 30, "Days for which overwritten and deleted objects can be restored.", func(c *Config) *int { return &c.Retention.OldVersionDays }),

	number("logs.retentionDays", 30, "Days for which logs are kept; a retention period of CloudWatch Logs.", func(c *Config) *int { return &c.LogRetentionDays }),
	flag("alarms", true, "Alarms by mail to the admin.", func(c *Config) *bool { return &c.Alarms }),
	number("budget.monthlyUsd", 0, "Monthly budget of the whole account in dollars, with mails to the admin at 50, 80 and 100 %; 0: no budget.", func(c *Config) *int { return &c.BudgetMonthlyUSD }),
	flag("network.private", false, "Run the model, and the functions that need only S3 and SageMaker, in a VPC without internet access.", func(c *Config) *bool { return &c.PrivateNetwork }),
	flag("encryption.kms", false, "Encrypt buckets, topics, logs and the functions' environment with a KMS key of the stack instead of AWS's keys. When it is turned off, the key is deleted after 30 days and what it still encrypts becomes unreadable: copy the buckets' objects onto themselves before that.", func(c *Config) *bool { return &c.KMS }),
	flag("waf", false, "A web application firewall (WAF) for CloudFront.", func(c *Config) *bool { return &c.WAF }),
	flag("protectData", false, "Refuse to delete buckets, users, images and keys, and keep them when the stack is destroyed.", func(c *Config) *bool { return &c.ProtectData }),
	flag("functions.reserveConcurrency", false, "Reserve the concurrency of Notify (10) and Sweep (1), which also limits it. AWS keeps at least 10 of an account's concurrent executions unreserved, and a new account has 10: turn it on only with a quota of 21 or more. Off, Notify is limited by the account's quota, and SES's refusals above its sending rate are retried; Sweep runs every ten minutes and ends within five.", func(c *Config) *bool { return &c.ReserveConcurrency }),

	number64("limits.maxBytes", job.DefaultLimits().MaxBytes, "Largest photo, in bytes.", func(c *Config) *int64 { return &c.Limits.MaxBytes }),
	number64("limits.maxPixels", job.DefaultLimits().MaxPixels, "Most pixels of a photo.", func(c *Config) *int64 { return &c.Limits.MaxPixels }),
	number("limits.minSide", job.DefaultLimits().MinSide, "Fewest pixels of a photo's side.", func(c *Config) *int { return &c.Limits.MinSide }),
	number("limits.maxObjects", job.DefaultLimits().MaxObjects, "Most objects of a job.", func(c *Config) *int { return &c.Limits.MaxObjects }),
	number("limits.minBox", job.DefaultLimits().MinBox, "Fewest pixels of a box's side.", func(c *Config) *int { return &c.Limits.MinBox }),
	number("limits.maxUnfinished", job.DefaultLimits().MaxUnfinished, "Most unfinished jobs of a user.", func(c *Config) *int { return &c.Limits.MaxUnfinished }),

	{Name: TokenKey, Doc: "Token for Hugging Face, for the gated weights (pulumi config set --secret). Stored in Secrets Manager.",
		set: func(*Config, string) error { return nil }},
}

func text(name, standard, doc string, field func(*Config) *string) Key {
	return Key{Name: name, Default: standard, Doc: doc, set: func(c *Config, value string) error {
		*field(c) = value
		return nil
	}}
}

// addresses reads values separated by commas.
func addresses(name, standard, doc string, field func(*Config) *[]string) Key {
	return Key{Name: name, Default: standard, Doc: doc, set: func(c *Config, value string) error {
		var values []string
		for _, one := range strings.Split(value, ",") {
			if one = strings.TrimSpace(one); one != "" {
				values = append(values, one)
			}
		}
		*field(c) = values
		return nil
	}}
}

func flag(name string, standard bool, doc string, field func(*Config) *bool) Key {
	return Key{Name: name, Default: strconv.FormatBool(standard), Doc: doc, set: func(c *Config, value string) error {
		switch value {
		case "true", "false":
			*field(c) = value == "true"
			return nil
		}
		return fmt.Errorf("%q is neither true nor false", value)
	}}
}

func number(name string, standard int, doc string, field func(*Config) *int) Key {
	return Key{Name: name, Default: strconv.Itoa(standard), Doc: doc, set: func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%q is not an integer", value)
		}
		*field(c) = n
		return nil
	}}
}

func number64(name string, standard int64, doc string, field func(*Config) *int64) Key {
	return Key{Name: name, Default: strconv.FormatInt(standard, 10), Doc: doc, set: func(c *Config, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not an integer", value)
		}
		*field(c) = n
		return nil
	}}
}

// nearestKey returns the key with the smallest edit distance to a misspelled
// one.
func nearestKey(short string) string {
	best, least := "", 1<<30
	for _, key := range keys {
		if d := distance(short, key.Name); d < least {
			best, least = key.Name, d
		}
	}
	return best
}

// distance is the Levenshtein distance of a and b, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above+1, row[j-1]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(b)]
}
