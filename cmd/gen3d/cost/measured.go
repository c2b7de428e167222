package cost

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// measured are the numbers of the last 30 days.
type measured struct {
	objects float64
	object  time.Duration // mean; 0 if there is none
}

// measuredDays is the time that is looked at.
const measuredDays = 30

// measured reads the model server's metrics, unless the flags have all that
// they would say.
func (c *Command) measured(ctx context.Context) (*measured, error) {
	switch {
	case c.ObjectsPerDay > 0 && (c.ObjectTime > 0 || c.Stack == ""):
		return nil, nil
	case c.Stack == "":
		return nil, fmt.Errorf("say how many: --objects-per-day N; only a stack has measured numbers")
	}
	t, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	query := func(id, metric, statistic string) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{
				Namespace: aws.String(telemetry.Namespace), MetricName: &metric,
				Dimensions: []types.Dimension{{Name: aws.String("Stack"), Value: &t.Stack}, {Name: aws.String("Backend"), Value: aws.String(string(job.BackendSAM3D))}},
			},
			Period: aws.Int32(86400), Stat: &statistic,
		}}
	}
	now := time.Now()
	out, err := cloudwatch.NewFromConfig(t.AWS).GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-measuredDays * 24 * time.Hour)), EndTime: &now,
		MetricDataQueries: []types.MetricDataQuery{
			query("made", "ObjectsSucceeded", "Sum"), query("failed", "ObjectsFailed", "Sum"), query("time", "ReconstructMs", "Sum"), query("count", "ReconstructMs", "SampleCount"),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("reading the metrics of stack %s: %w (or give --objects-per-day and --object-time)", c.Stack, err)
	}
	sums := map[string]float64{}
	for _, result := range out.MetricDataResults {
		for _, value := range result.Values { // of each day
			sums[aws.ToString(result.Id)] += value
		}
	}
	found := &measured{objects: sums["made"] + sums["failed"]}
	if sums["count"] > 0 {
		found.object = time.Duration(sums["time"] / sums["count"] * float64(time.Millisecond)).Round(time.Millisecond)
	}
	if found.objects == 0 && c.ObjectsPerDay == 0 {
		return nil, fmt.Errorf("stack %s made no object in %d days: give --objects-per-day", c.Stack, measuredDays)
	}
	return found, nil
}
