package doctor_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/local/objectstore"
	"gen3d/tests/support/s3test"
	"gen3d/tests/support/standin"
)

// cloud plays the services that the doctor reads. Its zero values are those of
// a stack that is well.
type cloud struct {
	*standin.AWS
	t       *testing.T
	outputs map[string]string

	credentials            string // error code
	status, config, reason string // of the endpoint
	desired                int
	metrics                map[string]float64
	dead                   int
	alarm                  string
	sandbox                bool
	log                    []string // of Notify
}

func newCloud(t *testing.T) *cloud {
	c := &cloud{AWS: standin.New(t), t: t, outputs: standin.Outputs(), status: "InService", config: "config-2", desired: 1}
	c.On("SageMaker.DescribeEndpoint", standin.Strict(c.endpoint))
	c.On("GraniteServiceVersion20100801.GetMetricData", standin.Strict(c.values))
	c.On("GraniteServiceVersion20100801.DescribeAlarms", standin.Strict(c.alarms))
	c.On("AmazonSQS.GetQueueAttributes", standin.Strict(c.queue))
	c.On("Logs_20140328.FilterLogEvents", standin.Strict(c.events))
	c.Handle("GET /v2/email/account", func(w http.ResponseWriter, _ *http.Request) {
		standin.Reply(w, map[string]any{"ProductionAccessEnabled": !c.sandbox, "SendingEnabled": true, "EnforcementStatus": "HEALTHY"})
	})
	c.Handle("GET /v2/email/identities/{name}", func(w http.ResponseWriter, r *http.Request) {
		standin.Reply(w, map[string]any{"VerifiedForSendingStatus": strings.HasPrefix(r.PathValue("name"), "noreply")})
	})
	c.Handle("POST /{$}", c.identity)
	c.apply()
	return c
}

// apply sets up the stack.
func (c *cloud) apply() {
	c.Stack(c.outputs, map[string]string{"gen3d:email.sender": "noreply@example.com", "gen3d:email.admin": "admin@example.com"})
	c.t.Setenv("AWS_ENDPOINT_URL_S3", *s3test.Config().BaseEndpoint)
	c.t.Setenv("GEN3D_S3_PATH_STYLE", "true")
	c.t.Setenv("AWS_ACCESS_KEY_ID", objectstore.AccessKey)
	c.t.Setenv("AWS_SECRET_ACCESS_KEY", objectstore.SecretKey)
	c.t.Setenv("AWS_MAX_ATTEMPTS", "1")
}

func refused(format string, args ...any) *standin.Fault {
	return &standin.Fault{Status: http.StatusBadRequest, Code: "ValidationException", Message: fmt.Sprintf(format, args...)}
}

// identity answers the services that have the path / : GetCallerIdentity is a
// form, the others have a target.
func (c *cloud) identity(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		c.ServeTarget(w, r)
		return
	}
	standin.Identity(w, "123456789012", c.credentials)
}

// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
func (c *cloud) endpoint(in struct{ EndpointName string }) (any, *standin.Fault) {
	if in.EndpointName != "Gen3DSAMAsyncEndpoint-dev" || c.status == "" {
		return nil, refused("Could not find endpoint %q.", in.EndpointName)
	}
	return map[string]any{
		"EndpointName": in.EndpointName, "EndpointStatus": c.status, "EndpointConfigName": c.config, "FailureReason": c.reason,
		"ProductionVariants": []any{map[string]any{"VariantName": "sam3d", "CurrentInstanceCount": 1, "DesiredInstanceCount": c.desired}},
	}, nil
}

type metricQuery struct {
	Id         string
	MetricStat struct {
		Metric struct {
			Namespace, MetricName string
			Dimensions            []struct{ Name, Value string }
		}
		Period int
		Stat   string
	}
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func (c *cloud) values(in struct {
	StartTime, EndTime float64
	ScanBy             string
	MetricDataQueries  []metricQuery
}) (any, *standin.Fault) {
	if in.StartTime >= in.EndTime || len(in.MetricDataQueries) > 500 {
		return nil, refused("%+v", in)
	}
	var results []any
	for _, q := range in.MetricDataQueries {
		metric := q.MetricStat.Metric
		if metric.Namespace != "AWS/SageMaker" || len(metric.Dimensions) != 1 || metric.Dimensions[0].Value != "Gen3DSAMAsyncEndpoint-dev" || q.MetricStat.Period%60 != 0 {
			return nil, refused("%+v", q)
		}
		result := map[string]any{"Id": q.Id, "Label": metric.MetricName, "Values": []any{}, "Timestamps": []any{}}
		if value, there := c.metrics[metric.MetricName]; there {
			result["Values"], result["Timestamps"] = []any{value}, []any{standin.Time(time.Now())}
		}
		results = append(results, result)
	}
	return map[string]any{"MetricDataResults": results}, nil
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func (c *cloud) alarms(in struct{ ActionPrefix string }) (any, *standin.Fault) {
	if !strings.HasSuffix(in.ActionPrefix, ":Gen3DAlarms-dev") {
		return nil, refused("%+v", in)
	}
	alarm := func(name, state, topic string) map[string]any {
		return map[string]any{"AlarmName": name, "AlarmDescription": "Requests have waited.", "StateValue": state, "AlarmActions": []any{topic}, "StateTransitionedTimestamp": standin.Time(time.Unix(1700000000, 0))}
	}
	// One is quiet, and one is of another stack, whose topic's name begins with this one's.
	alarms := []any{alarm("Gen3DQuiet-dev", "OK", in.ActionPrefix), alarm("Gen3DNoCapacity-dev2", "ALARM", in.ActionPrefix+"2")}
	if c.alarm != "" {
		alarms = append(alarms, alarm(c.alarm, "ALARM", in.ActionPrefix))
	}
	return map[string]any{"MetricAlarms": alarms}, nil
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
func (c *cloud) queue(in struct {
	QueueUrl       string
	AttributeNames []string
}) (any, *standin.Fault) {
	if !slices.Equal(in.AttributeNames, []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}) {
		return nil, refused("%+v", in)
	}
	return map[string]any{"Attributes": map[string]string{"ApproximateNumberOfMessages": fmt.Sprint(c.dead), "ApproximateNumberOfMessagesNotVisible": "0"}}, nil
}

// events answers an empty page first, as CloudWatch may.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func (c *cloud) events(in struct {
	LogGroupName, FilterPattern, NextToken string
	StartTime                              int64
	StartFromHead                          *bool
}) (any, *standin.Fault) {
	if in.StartTime < time.Now().Add(-25*time.Hour).UnixMilli() || in.StartFromHead == nil || *in.StartFromHead {
		return nil, refused("%+v", in)
	}
	if strings.HasPrefix(in.LogGroupName, "/aws/sagemaker/") {
		return nil, &standin.Fault{Status: http.StatusBadRequest, Code: "ResourceNotFoundException", Message: "The specified log group does not exist."}
	}
	if in.NextToken == "" {
		return map[string]any{"events": []any{}, "nextToken": "2"}, nil
	}
	var found []any
	for _, line := range c.log {
		if in.LogGroupName == "/aws/lambda/Gen3DNotifyLambda-dev" {
			found = append(found, map[string]any{"timestamp": int64(1700000000000), "message": line})
		}
	}
	return map[string]any{"events": found}, nil
}
