// Package alarms reads the alarms that notify a stack's admin. Those that scale
// the endpoint are in ALARM in normal operation and are none of these.
package alarms

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// List returns the alarms that notify a topic, by its ARN.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func List(ctx context.Context, client cloudwatch.DescribeAlarmsAPIClient, topic string) ([]types.MetricAlarm, error) {
	var found []types.MetricAlarm
	pages := cloudwatch.NewDescribeAlarmsPaginator(client, &cloudwatch.DescribeAlarmsInput{ActionPrefix: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, alarm := range page.MetricAlarms {
			if slices.Contains(alarm.AlarmActions, topic) { // and not a topic whose name is longer
				found = append(found, alarm)
			}
		}
	}
	return found, nil
}

// Active reports whether an alarm is in ALARM.
func Active(alarm types.MetricAlarm) bool { return alarm.StateValue == types.StateValueAlarm }
