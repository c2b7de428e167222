package doctor

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

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
	return fix("gen3d redrive list --stack "+p.Stack, "%s failed every retry; see why, correct the cause, and send them again", console.Count(count, "event"))
}

// alarms looks for alarms that notify the admin and are in ALARM. Those that
// scale the endpoint are there in normal operation.
func alarms(ctx context.Context, p *patient) []check.Finding {
	var findings []check.Finding
	pages := cloudwatch.NewDescribeAlarmsPaginator(p.metrics, &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: aws.String("Gen3D"), StateValue: cloudwatchtypes.StateValueAlarm, ActionPrefix: &p.AlarmTopicARN,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return unasked("cloudwatch:DescribeAlarms", err)
		}
		for _, a := range page.MetricAlarms {
			name := aws.ToString(a.AlarmName)
			findings = append(findings, fix(p.aws("cloudwatch describe-alarm-history --alarm-name %s --max-items 5", name),
				"%s since %s: %s", name, console.Time(aws.ToTime(a.StateTransitionedTimestamp)), strings.TrimSuffix(aws.ToString(a.AlarmDescription), "."))...)
		}
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
