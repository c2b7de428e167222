package smoke

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"gen3d/cmd/gen3d/alarms"
	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
	"gen3d/cmd/gen3d/users"
	"gen3d/webapp"
)

// stack is the service in AWS. Its credentials are read as by the AWS CLI.
type stack struct {
	*target.Target
	pool  *users.Pool
	made  []*user // in the user pool
	inbox inbox
}

func (s *stack) open(ctx context.Context, r *run) (string, error) {
	r.name = "stack " + r.options.Stack
	opened, err := target.Stack(ctx, r.options.Folder, r.options.Stack, r.client)
	if err != nil {
		return "", err
	}
	s.Target, s.pool = opened, users.Open(opened)
	r.target, r.page = opened, opened.URL
	if s.inbox, err = openInbox(r.options); err != nil {
		return "", err
	}
	return r.page, nil
}

func (s *stack) matches(c webapp.Config) bool {
	return c.Auth.ClientID == s.UserPoolClientID && c.Region == s.Region
}

func (s *stack) store(*run) error { return nil } // open has opened it

func (s *stack) token(ctx context.Context, _ *run, u *user) (string, error) {
	return s.pool.SignIn(ctx, u.name, u.password)
}

func (s *stack) model() string {
	if s.EndpointConfigName == "" {
		return "the stack has no model yet (gen3d:model.enabled)"
	}
	return ""
}

func (s *stack) pause() time.Duration { return 2 * time.Second }

// look returns the command that shows the log of a function or of the model.
func (s *stack) look(function string) string {
	names := map[string]string{"api": s.APIFunction, "extract": s.ExtractFunction, "notify": s.NotifyFunction}
	group := target.FunctionLog(names[function])
	switch {
	case function == "model":
		group = s.ModelLog()
	case names[function] == "":
		return "look at user pool " + s.UserPoolID
	}
	return fmt.Sprintf("read the log: aws logs tail %s --since 30m --region %s", group, s.Region)
}

// alarms expects that no alarm that notifies the stack's topic is active.
func (s *stack) alarms(ctx context.Context, _ *run) (string, error) {
	all, err := alarms.List(ctx, cloudwatch.NewFromConfig(s.AWS), s.AlarmTopicARN)
	if err != nil {
		return "", &mismatch{"the stack's alarms from CloudWatch", err.Error(), "the credentials need cloudwatch:DescribeAlarms"}
	}
	var active []string
	for _, alarm := range all {
		if alarms.Active(alarm) {
			active = append(active, aws.ToString(alarm.AlarmName)+" ("+aws.ToString(alarm.StateReason)+")")
		}
	}
	switch {
	case len(all) == 0:
		return "", &notApplicable{"the stack has no alarms (gen3d:alarms)"}
	case len(active) > 0:
		return "", &mismatch{"no active alarm", strings.Join(active, ", "), "see what each means, and what to do: gen3d doctor " + s.Option()}
	}
	return console.Count(len(all), "alarm") + " quiet", nil
}
