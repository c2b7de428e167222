package smoke

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"gen3d/cmd/gen3d/signin"
	"gen3d/internal/awsclient"
	"gen3d/internal/stackoutput"
	"gen3d/webapp"
)

// stackOutputs are the outputs of a stack that a run needs.
type stackOutputs struct {
	Region     string `json:"region"`
	Website    string `json:"websiteUrl"`
	DataBucket string `json:"dataBucket"`
	PoolID     string `json:"userPoolId"`
	ClientID   string `json:"userPoolClientId"`
	AlarmTopic string `json:"alarmTopicArn"`
	Endpoint   string `json:"endpointName"`
	// EndpointConfig is empty until the model is on.
	EndpointConfig string `json:"endpointConfigName"`
	Extract        string `json:"extractFunction"`
	Notify         string `json:"notifyFunction"`
	API            string `json:"apiFunction"`
}

// stack is the service in AWS. Its credentials are read as by the AWS CLI.
type stack struct {
	outputs    stackOutputs
	cognito    *idp.Client
	cloudWatch *cloudwatch.Client
	made       []*user // in the user pool
	inbox      inbox
}

func (s *stack) open(ctx context.Context, r *run) (string, error) {
	name := r.options.Stack
	r.name = "stack " + name
	if err := stackoutput.Read(ctx, r.options.Folder, name, &s.outputs); err != nil {
		return "", err
	}
	var missing []string
	for _, output := range []struct{ name, value string }{
		{"region", s.outputs.Region}, {"websiteUrl", s.outputs.Website}, {"dataBucket", s.outputs.DataBucket},
		{"userPoolId", s.outputs.PoolID}, {"userPoolClientId", s.outputs.ClientID}, {"alarmTopicArn", s.outputs.AlarmTopic},
	} {
		if output.value == "" {
			missing = append(missing, output.name)
		}
	}
	if len(missing) > 0 {
		return "", &mismatch{"the outputs of stack " + name, "no " + strings.Join(missing, ", "), "deploy it first: make up STACK=" + name}
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.outputs.Region))
	if err != nil {
		return "", fmt.Errorf("reading the AWS configuration: %w", err)
	}
	cfg.HTTPClient = r.client // not for the requests that obtain credentials
	s.cognito, s.cloudWatch = idp.NewFromConfig(cfg), cloudwatch.NewFromConfig(cfg)
	r.store, r.bucket = awsclient.S3(cfg), s.outputs.DataBucket
	r.page = strings.TrimSuffix(s.outputs.Website, "/")
	if s.inbox, err = openInbox(r.options); err != nil {
		return "", err
	}
	return r.page, nil
}

func (s *stack) matches(c webapp.Config) bool {
	return c.Auth.ClientID == s.outputs.ClientID && c.Region == s.outputs.Region
}

func (s *stack) store(*run) error { return nil } // open has opened it

func (s *stack) token(ctx context.Context, _ *run, u *user) (string, error) {
	return signin.Cognito(ctx, s.cognito, s.outputs.PoolID, s.outputs.ClientID, u.name, u.password)
}

func (s *stack) model() string {
	if s.outputs.EndpointConfig == "" {
		return "the stack has no model yet (gen3d:model.enabled)"
	}
	return ""
}

func (s *stack) pause() time.Duration { return 2 * time.Second }

// look returns the command that shows the log of a function or of the model.
func (s *stack) look(function string) string {
	names := map[string]string{"api": s.outputs.API, "extract": s.outputs.Extract, "notify": s.outputs.Notify}
	group := "/aws/lambda/" + names[function]
	switch {
	case function == "model":
		group = "/aws/sagemaker/Endpoints/" + s.outputs.Endpoint
	case names[function] == "":
		return "look at user pool " + s.outputs.PoolID
	}
	return fmt.Sprintf("read the log: aws logs tail %s --since 30m --region %s", group, s.outputs.Region)
}

// alarms expects that no alarm that notifies the stack's topic is active.
func (s *stack) alarms(ctx context.Context, _ *run) (string, error) {
	var quiet int
	var active []string
	pages := cloudwatch.NewDescribeAlarmsPaginator(s.cloudWatch, &cloudwatch.DescribeAlarmsInput{ActionPrefix: &s.outputs.AlarmTopic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", &mismatch{"the stack's alarms from CloudWatch", err.Error(), "the credentials need cloudwatch:DescribeAlarms"}
		}
		for _, alarm := range page.MetricAlarms {
			if !notifies(alarm.AlarmActions, s.outputs.AlarmTopic) { // of a topic whose name is longer
				continue
			}
			quiet++
			if alarm.StateValue == "ALARM" {
				active = append(active, aws.ToString(alarm.AlarmName)+" ("+aws.ToString(alarm.StateReason)+")")
			}
		}
	}
	switch {
	case quiet == 0:
		return "", &notApplicable{"the stack has no alarms (gen3d:alarms)"}
	case len(active) > 0:
		return "", &mismatch{"no active alarm", strings.Join(active, ", "), "the description of the alarm says what to do: aws cloudwatch describe-alarms --state-value ALARM --region " + s.outputs.Region}
	}
	return count(quiet, "alarm") + " quiet", nil
}

func notifies(actions []string, topic string) bool {
	for _, action := range actions {
		if action == topic {
			return true
		}
	}
	return false
}
