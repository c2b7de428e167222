package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"gen3d/infra/settings"
	"gen3d/internal/awsclient"
	"gen3d/internal/endpointstate"
	"gen3d/internal/stackoutput"
)

// world is what the checks look at: a stack's settings, an AWS account, and the
// programs of this machine.
type world struct {
	folder, stack string
	given         given
	config        settings.Config
	valid         bool // config
	env           settings.Environment

	quotas    quotaReader
	mail      mailReader
	domains   domainReader
	models    bucketReader
	endpoints endpointstate.Client

	// Answers that several checks use.
	sageMaker func() (map[string]quota, error)
	sending   func() (*sesv2.GetAccountOutput, error)
	docker    func() (dockerInfo, error)
	outputs   func() (stackOutputs, error)
}

// stackOutputs are the outputs of a deployed stack that checks use.
type stackOutputs struct {
	WebsiteURL string `json:"websiteUrl"`
	UserPoolID string `json:"userPoolId"`
}

// openWorld reads the settings, and returns the finding about them.
func openWorld(folder, stack string) (*world, Finding) {
	w := &world{folder: folder, stack: stack}
	w.docker = sync.OnceValues(readDocker)
	w.outputs = sync.OnceValues(func() (stackOutputs, error) {
		ctx, cancel := context.WithTimeout(context.Background(), programTimeout)
		defer cancel()
		var out stackOutputs
		return out, stackoutput.Read(ctx, folder, stack, &out)
	})
	f := w.readSettings()
	f.Check = "settings"
	return w, f
}

// callTimeout is the time for one request to AWS, and callAttempts the number
// of attempts.
const (
	callTimeout  = 15 * time.Second
	callAttempts = 3
)

// signIn finds the account of the credentials and makes the clients.
func (w *world) signIn(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	f := w.account(ctx)
	f.Check = "credentials"
	return f
}

func (w *world) account(ctx context.Context) Finding {
	options := []func(*config.LoadOptions) error{
		config.WithRetryMaxAttempts(callAttempts),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(callTimeout)),
	}
	if w.given.region != "" {
		options = append(options, config.WithRegion(w.given.region))
	}
	if w.given.profile != "" {
		options = append(options, config.WithSharedConfigProfile(w.given.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return fix("aws configure list", "the AWS configuration cannot be read (%s); correct it", oneLine(err))
	}
	if cfg.Region == "" {
		return fix(w.set("aws:region", "us-east-1"), "the stack has no region; set one")
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return credentialsRefused(err)
	}
	w.env = settings.Environment{Stack: w.stack, Account: aws.ToString(who.Account), Region: cfg.Region}
	quotas := servicequotas.NewFromConfig(cfg)
	w.quotas, w.mail = quotas, sesv2.NewFromConfig(cfg)
	w.domains, w.endpoints = cognitoidentityprovider.NewFromConfig(cfg), sagemaker.NewFromConfig(cfg)
	w.models = awsclient.S3(cfg)
	w.sageMaker = sync.OnceValues(func() (map[string]quota, error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		return readQuotas(ctx, quotas, "sagemaker")
	})
	w.sending = sync.OnceValues(func() (*sesv2.GetAccountOutput, error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		return w.mail.GetAccount(ctx, &sesv2.GetAccountInput{})
	})
	return ok("account %s, region %s", w.env.Account, w.env.Region)
}

func credentialsRefused(err error) Finding {
	const command = "aws sso login, or aws configure, then aws sts get-caller-identity"
	switch code := codeOf(err); code {
	case "":
		if errors.Is(err, context.DeadlineExceeded) || timedOut(err) {
			return fix("aws sts get-caller-identity", "AWS does not answer; check the network and the region")
		}
		return fix(command, "there are no usable AWS credentials; sign in")
	case "RegionDisabledException":
		return fix("aws account enable-region", "the region is not enabled for this account; enable it or set another")
	default:
		return fix(command, "AWS refuses the credentials (%s); sign in again", code)
	}
}

// set returns the command that sets a key of the stack's settings.
func (w *world) set(key, value string) string {
	return fmt.Sprintf("pulumi config set %s %s --stack %s", key, value, w.stack)
}

// region returns the option of the AWS CLI for the stack's region.
func (w *world) region() string { return "--region " + w.env.Region }

// unasked returns the finding for a call to AWS that failed: its answer is
// unknown, and so is whether there is something to fix.
func unasked(permission string, err error) Finding {
	switch code := codeOf(err); {
	case errors.Is(err, context.DeadlineExceeded) || timedOut(err):
		return skip("AWS did not answer %s in time", permission)
	case code == "AccessDenied" || code == "AccessDeniedException" || code == "UnauthorizedOperation":
		return skip("the credentials do not allow %s", permission)
	case code != "":
		return skip("%s failed with %s", permission, code)
	}
	return skip("%s failed: %s", permission, oneLine(err))
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func timedOut(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// programTimeout is the time for one run of a program.
const programTimeout = 30 * time.Second

// errNotInstalled is returned for a program that is not on the PATH.
var errNotInstalled = errors.New("it is not on the PATH")

// output runs a program and returns its standard output, also where it fails;
// the error has its last line of standard error.
func output(ctx context.Context, folder, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", errNotInstalled
	}
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, path, args...)
	command.Dir, command.Env = folder, os.Environ()
	command.Stdout, command.Stderr = &stdout, &stderr
	command.WaitDelay = time.Second
	err = command.Run()
	switch said := strings.TrimSpace(stderr.String()); {
	case ctx.Err() != nil:
		return stdout.String(), fmt.Errorf("%s did not end in time", name)
	case err != nil && said != "":
		return stdout.String(), errors.New(said[strings.LastIndex(said, "\n")+1:])
	case err != nil:
		return stdout.String(), fmt.Errorf("running %s: %w", name, err)
	}
	return stdout.String(), nil
}

// oneLine returns the first line of an error.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
