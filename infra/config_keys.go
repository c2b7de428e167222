package infra

import (
	"fmt"
	"strconv"

	"gen3d/internal/job"
)

// Key documents one key of a stack's settings.
type Key struct {
	Name    string // without the namespace
	Default string
	Doc     string
	set     func(*Config, string) error
}

// Keys lists every key that a stack may set, in the order of the documents.
func Keys() []Key { return append([]Key(nil), keys...) }

// TokenKey is the one secret: pulumi config set --secret huggingFaceToken. It is
// read as a secret where it is used and never becomes part of [Config].
const TokenKey = "huggingFaceToken"

var keys = []Key{
	flag("model.enabled", false, "Deploy the endpoint. Off for the first up, while there are no weights in the model bucket.", func(c *Config) *bool { return &c.Model.Enabled }),
	text("model.image", buildImage, "build: build and push the image from this checkout. Or an image in ECR by digest.", func(c *Config) *string { return &c.Model.Image }),
	text("model.instanceType", "ml.g6e.xlarge", "SageMaker hosting type; one GPU needs 32 GB. SageMaker refuses to change it under autoscaling: set autoscaling.enabled to false, up, change it, up, and back.", func(c *Config) *string { return &c.Model.InstanceType }),
	number("model.maxConcurrency", 2, "Requests an instance takes at a time. The GPU runs one object at a time; a second one overlaps its input and output.", func(c *Config) *int { return &c.Model.MaxConcurrency }),
	number("model.invocationTimeoutSeconds", 900, "Longest time of one object, 120 to 3600; the server itself gives up a minute earlier.", func(c *Config) *int { return &c.Model.InvocationTimeout }),
	number("model.requestTtlSeconds", 21600, "How long a request may wait for an instance, 60 to 21600.", func(c *Config) *int { return &c.Model.RequestTTL }),
	number("model.startupTimeoutSeconds", 1800, "How long the container may load the weights before /ping must answer, 60 to 3600.", func(c *Config) *int { return &c.Model.StartupTimeout }),
	number("model.downloadTimeoutSeconds", 1800, "How long the weights may take from S3 to the instance, 60 to 3600.", func(c *Config) *int { return &c.Model.DownloadTimeout }),

	flag("autoscaling.enabled", true, "Scale the endpoint on its backlog. Off: one instance, always.", func(c *Config) *bool { return &c.Autoscaling.Enabled }),
	number("autoscaling.min", 0, "Fewest instances; 0 costs nothing while nobody uses the service, and the first job waits for a start.", func(c *Config) *int { return &c.Autoscaling.Min }),
	number("autoscaling.max", 1, "Most instances, within the account's quota for the type.", func(c *Config) *int { return &c.Autoscaling.Max }),
	number("autoscaling.backlogPerInstance", 2, "Requests waiting or running that one instance is meant to have.", func(c *Config) *int { return &c.Autoscaling.BacklogPerInstance }),
	number("autoscaling.scaleInCooldown", 900, "Seconds between two steps down; at least model.invocationTimeoutSeconds.", func(c *Config) *int { return &c.Autoscaling.ScaleInCooldown }),
	number("autoscaling.scaleOutCooldown", 900, "Seconds between two steps up; at least model.invocationTimeoutSeconds.", func(c *Config) *int { return &c.Autoscaling.ScaleOutCooldown }),

	text("email.sender", "noreply@genesis3d.com", "From whom the mail of a job comes.", func(c *Config) *string { return &c.Email.Sender }),
	text("email.admin", "info@2112-lab.com", "Who gets a mail about every job, the alarms and the budget's notices.", func(c *Config) *string { return &c.Email.Admin }),
	text("email.domain", "", "Domain of the sender, verified as a whole with DKIM. Empty: only the sender's address is verified.", func(c *Config) *string { return &c.Email.Domain }),

	text("website.domain", "", "The page's own domain, whose DNS points at CloudFront. Empty: CloudFront's name.", func(c *Config) *string { return &c.Website.Domain }),
	text("website.certificateArn", "", "ACM certificate of that domain, in us-east-1.", func(c *Config) *string { return &c.Website.CertificateARN }),

	flag("auth.selfSignUp", false, "Let anyone with a mail address sign up.", func(c *Config) *bool { return &c.Auth.SelfSignUp }),
	text("auth.mfa", "optional", "One-time codes of an authenticator app: off, optional or required.", func(c *Config) *string { return &c.Auth.MFA }),

	flag("notebook.enabled", false, "A notebook instance that prepares sam-3d-objects and its weights.", func(c *Config) *bool { return &c.Notebook.Enabled }),
	text("notebook.instanceType", "ml.g5.2xlarge", "Type of that instance. The default prepares the weights; running one-photo.ipynb needs 32 GB on one GPU, which of the types that the AWS provider takes for notebooks ml.p4d.24xlarge has.", func(c *Config) *string { return &c.Notebook.InstanceType }),
	number("notebook.stopHour", 20, "Hour (UTC) of every day at which it is stopped if it runs.", func(c *Config) *int { return &c.Notebook.StopHour }),

	number("retention.jobsDays", 0, "Days after which photos and results are deleted; 0: when their user deletes them.", func(c *Config) *int { return &c.Retention.JobsDays }),
	number("retention.oldVersionDays", 30, "Days for which overwritten and deleted objects can be brought back.", func(c *Config) *int { return &c.Retention.OldVersionDays }),

	number("logs.retentionDays", 30, "Days for which logs are kept; a period that CloudWatch Logs has.", func(c *Config) *int { return &c.LogRetentionDays }),
	flag("alarms", true, "Alarms by mail to the admin.", func(c *Config) *bool { return &c.Alarms }),
	number("budget.monthlyUsd", 0, "Tell the admin at 50, 80 and 100 % of this many dollars a month, for the whole account; 0: no budget.", func(c *Config) *int { return &c.BudgetMonthlyUSD }),
	flag("network.private", false, "Run the model and the functions that need S3 and SageMaker alone in a VPC without a way to the internet.", func(c *Config) *bool { return &c.PrivateNetwork }),
	flag("encryption.kms", false, "Encrypt buckets, topics, logs and the functions' environment with a key of the stack instead of AWS's own. Turned off, that key is deleted after 30 days, and with it what it still encrypts: copy the buckets' objects onto themselves before that.", func(c *Config) *bool { return &c.KMS }),
	flag("waf", false, "A web application firewall before CloudFront.", func(c *Config) *bool { return &c.WAF }),
	flag("protectData", false, "Refuse to delete buckets, users, images and keys, and keep them when the stack goes.", func(c *Config) *bool { return &c.ProtectData }),
	flag("functions.reserveConcurrency", true, "Limit how many copies of Notify and Sweep run. Off in an account whose quota of concurrent executions is 10, where AWS allows no reservation.", func(c *Config) *bool { return &c.ReserveConcurrency }),

	number64("limits.maxBytes", job.DefaultLimits().MaxBytes, "Largest photo, in bytes.", func(c *Config) *int64 { return &c.Limits.MaxBytes }),
	number64("limits.maxPixels", job.DefaultLimits().MaxPixels, "Most pixels of a photo.", func(c *Config) *int64 { return &c.Limits.MaxPixels }),
	number("limits.minSide", job.DefaultLimits().MinSide, "Fewest pixels of a photo's side.", func(c *Config) *int { return &c.Limits.MinSide }),
	number("limits.maxObjects", job.DefaultLimits().MaxObjects, "Most objects of a job.", func(c *Config) *int { return &c.Limits.MaxObjects }),
	number("limits.minBox", job.DefaultLimits().MinBox, "Fewest pixels of a box's side.", func(c *Config) *int { return &c.Limits.MinBox }),
	number("limits.maxUnfinished", job.DefaultLimits().MaxUnfinished, "Most unfinished jobs of a user.", func(c *Config) *int { return &c.Limits.MaxUnfinished }),

	{Name: TokenKey, Doc: "Token of Hugging Face for the gated weights (pulumi config set --secret). Kept in Secrets Manager for the notebook.",
		set: func(*Config, string) error { return nil }},
}

func text(name, standard, doc string, field func(*Config) *string) Key {
	return Key{Name: name, Default: standard, Doc: doc, set: func(c *Config, value string) error {
		*field(c) = value
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
			return fmt.Errorf("%q is no whole number", value)
		}
		*field(c) = n
		return nil
	}}
}

func number64(name string, standard int64, doc string, field func(*Config) *int64) Key {
	return Key{Name: name, Default: strconv.FormatInt(standard, 10), Doc: doc, set: func(c *Config, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no whole number", value)
		}
		*field(c) = n
		return nil
	}}
}

// nearestKey finds the key that was probably meant.
func nearestKey(short string) string {
	best, least := "", 1<<30
	for _, key := range keys {
		if d := distance(short, key.Name); d < least {
			best, least = key.Name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or change between a and b.
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
