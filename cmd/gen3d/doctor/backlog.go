package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
	"gen3d/internal/bucket"
)

// Metrics of the endpoint's queue. The age is in seconds.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
const (
	sizeMetric  = "ApproximateBacklogSize"
	ageMetric   = "ApproximateAgeOfOldestRequest"
	stuckMetric = "HasBacklogWithoutCapacity"
)

// stuckAfter is how long the first request may wait for an instance: the limit
// of the alarm NoCapacity. An instance takes up to about fifteen minutes.
const stuckAfter = 30 * time.Minute

// metricWindow is how old a value may be: the endpoint publishes one a minute
// while it has requests.
const metricWindow = 15 * time.Minute

// backlog looks at the requests that wait for the model.
func backlog(ctx context.Context, p *patient) []check.Finding {
	latest, err := p.latest(ctx, sizeMetric, ageMetric, stuckMetric)
	if err != nil {
		return unasked("cloudwatch:GetMetricData", err)
	}
	size, age := int(latest[sizeMetric]), (time.Duration(latest[ageMetric]) * time.Second).Round(time.Second)
	waiting := console.Count(size, "request")
	switch {
	case size == 0:
		return ok("no request waits for the model")
	case latest[stuckMetric] > 0 && age >= stuckAfter:
		return fix(p.aws("application-autoscaling describe-scaling-activities --service-namespace sagemaker --resource-id endpoint/%s/variant/sam3d", p.EndpointName),
			"%s in the endpoint's queue, the oldest for %s, and no instance runs: a lack of quota or capacity, or a model that does not load; see why", waiting, age)
	case age >= time.Hour:
		return fix("pulumi config set gen3d:autoscaling.max N --stack "+p.Stack+" && make up STACK="+p.Stack,
			"%s in the endpoint's queue, the oldest for %s; allow more instances (the quota must allow them: gen3d check)", waiting, age)
	case latest[stuckMetric] > 0:
		return note("", "%s in the endpoint's queue, the oldest for %s; an instance is starting", waiting, age)
	}
	return ok("%s in the endpoint's queue or at work, the oldest for %s", waiting, age)
}

// latest returns the latest values of metrics of the endpoint, or 0.
func (p *patient) latest(ctx context.Context, names ...string) (map[string]float64, error) {
	var queries []types.MetricDataQuery
	for i, name := range names {
		queries = append(queries, types.MetricDataQuery{
			Id: aws.String(fmt.Sprintf("m%d", i)),
			MetricStat: &types.MetricStat{
				Metric: &types.Metric{
					Namespace: aws.String("AWS/SageMaker"), MetricName: &name,
					Dimensions: []types.Dimension{{Name: aws.String("EndpointName"), Value: &p.EndpointName}},
				},
				Period: aws.Int32(60), Stat: aws.String("Maximum"),
			},
		})
	}
	out, err := p.metrics.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(p.now.Add(-metricWindow)), EndTime: &p.now, MetricDataQueries: queries, ScanBy: types.ScanByTimestampDescending,
	})
	if err != nil {
		return nil, err
	}
	latest := map[string]float64{}
	for _, result := range out.MetricDataResults {
		for i, name := range names {
			if aws.ToString(result.Id) == fmt.Sprintf("m%d", i) && len(result.Values) > 0 {
				latest[name] = result.Values[0]
			}
		}
	}
	return latest, nil
}

// unfinishedLimit is the age at which Sweep has ended every job that has a
// place: the longest time in the queue and at work that the settings allow, and
// a margin. Jobs that wait for a place may be older.
const unfinishedLimit = 8 * time.Hour

// unfinished looks at the jobs that have not ended.
func unfinished(ctx context.Context, p *patient) []check.Finding {
	return pending(ctx, p.Data, p.now, "gen3d jobs list --stack "+p.Stack+" --state queued,processing", p.aws("logs tail %s --since 1h", functionLog(p.SweepFunction)))
}

func pending(ctx context.Context, data *bucket.Bucket, now time.Time, list, sweep string) []check.Finding {
	count, oldest := 0, now
	err := data.EachPending(ctx, func(m bucket.Pending) bool {
		count++
		if created := m.Ref.Job.Created(); created.Before(oldest) {
			oldest = created
		}
		return true
	})
	if err != nil {
		return unasked("s3:ListBucket", err)
	}
	age := now.Sub(oldest).Round(time.Minute)
	switch {
	case count == 0:
		return ok("none")
	case age > unfinishedLimit:
		return note(list+", then "+sweep, "%s, the oldest since %s; Sweep ends jobs unless they wait for a place, so see which they are and whether it runs", console.Count(count, "job"), age)
	}
	return ok("%s, the oldest since %s", console.Count(count, "job"), age)
}
