package doctor

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"gen3d/cmd/gen3d/alarms"
	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
)

// deadLetters looks for events that failed every retry.
func deadLetters(ctx context.Context, p *patient) []check.Finding {
	out, err := p.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &p.DeadLetterQueueURL,
		AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible},
	})
	if err != nil {
		return unasked("sqs:GetQueueAttributes", err)
	}
	count := 0
	for _, text := range out.Attributes {
		n, _ := strconv.Atoi(text)
		count += n
	}
	if count == 0 {
		return ok("none")
	}
	return fix("bin/gen3d redrive list "+p.Option(), "%s failed every retry; see why, correct the cause, and send them again", console.Count(count, "event"))
}

// ringing looks for alarms that notify the admin and are in ALARM.
func ringing(ctx context.Context, p *patient) []check.Finding {
	all, err := alarms.List(ctx, p.metrics, p.AlarmTopicARN)
	if err != nil {
		return unasked("cloudwatch:DescribeAlarms", err)
	}
	var findings []check.Finding
	for _, a := range all {
		if !alarms.Active(a) {
			continue
		}
		name := aws.ToString(a.AlarmName)
		findings = append(findings, fix(p.aws("cloudwatch describe-alarm-history --alarm-name %s --max-items 5", name),
			"%s since %s: %s", name, console.Time(aws.ToTime(a.StateTransitionedTimestamp)), strings.TrimSuffix(aws.ToString(a.AlarmDescription), "."))...)
	}
	if len(findings) == 0 {
		return ok("none is in ALARM")
	}
	return findings
}

// mails looks at SES.
func mails(ctx context.Context, p *patient) []check.Finding {
	config, err := p.settings()
	if err != nil {
		return []check.Finding{{Status: check.Skip, Message: "the stack's settings cannot be read: " + err.Error()}}
	}
	return check.Mail(ctx, p.AWS, config, p.env)
}
