package infra

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// documentedUnits are the axis labels of AWS's metrics, by namespace and name.
// No axis is in microseconds.
var documentedUnits = map[string]map[string]string{
	// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
	"AWS/SageMaker": {
		"ApproximateBacklogSize": "requests", "ApproximateBacklogSizePerInstance": "requests", "HasBacklogWithoutCapacity": "requests",
		"ApproximateAgeOfOldestRequest": "s", "InvocationFailures": "requests", "ExpiredRequests": "requests",
		"TotalProcessingTime": "ms", "TimeInBacklog": microseconds, "ModelLatency": microseconds,
	},
	// https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
	"/aws/sagemaker/Endpoints": {"CPUUtilization": "%", "GPUUtilization": "%", "GPUMemoryUtilization": "%"},
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
	"AWS/ApiGateway": {"Count": "requests", "4xx": "requests", "5xx": "requests", "Latency": "ms", "IntegrationLatency": "ms"},
	// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
	"AWS/Lambda": {"Invocations": "calls", "Errors": "calls", "Throttles": "calls", "Duration": "ms"},
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
	"AWS/CloudFront": {"Requests": "requests", "4xxErrorRate": "%", "5xxErrorRate": "%"},
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
	"AWS/S3": {"BucketSizeBytes": "bytes"},
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	"AWS/SQS": {"ApproximateNumberOfMessagesVisible": "events"},
	// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-cloudwatch.html
	// https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html
	"AWS/SES": {
		"Send": "mails", "Bounce": "mails", "Complaint": "mails",
		"Reputation.BounceRate": "fraction", "Reputation.ComplaintRate": "fraction",
	},
}

const microseconds = "µs"

// graph is a widget of the dashboard's body.
type graph struct {
	title, unit string
	shown       []string          // expressions, and names of metrics, that are drawn
	hidden      map[string]string // metrics by id
	namespaces  map[string]string // of metrics
}

func TestDashboardShowsEveryMetricInItsUnit(t *testing.T) {
	for _, g := range graphs(t) {
		for _, name := range g.shown {
			unit, ok := g.unitOf(name)
			if !ok {
				t.Errorf("%s: the unit of %s %s is not known; add it from AWS's documentation", g.title, g.namespaces[name], name)
			} else if unit != "" && unit != g.unit {
				t.Errorf("%s: %s is in %s, the axis in %s", g.title, name, unit, g.unit)
			}
		}
		for id, name := range g.hidden {
			inMilliseconds := slices.Contains(g.shown, id+" / 1000") && g.unit == "ms"
			if unit, ok := g.unitOf(name); !ok || (unit == microseconds && !inMilliseconds) {
				t.Errorf("%s: %s, in %q, is shown by %v in %s", g.title, name, unit, g.shown, g.unit)
			}
		}
	}
}

func TestDashboardShowsTheSuccessRate(t *testing.T) {
	for _, g := range graphs(t) {
		if slices.Contains(slices.Collect(maps.Values(g.hidden)), "ObjectsSucceeded") {
			if g.unit != "%" || !slices.Contains(g.shown, "100 * succeeded / (succeeded + failed)") || g.hidden["succeeded"] != "ObjectsSucceeded" || g.hidden["failed"] != "ObjectsFailed" {
				t.Errorf("%s shows %v of %v in %s", g.title, g.shown, g.hidden, g.unit)
			}
			return
		}
	}
	t.Error("no graph shows it")
}

func TestDashboardShowsTheCostOfAMeshAndFailuresByCode(t *testing.T) {
	if !slices.ContainsFunc(graphs(t), func(g graph) bool {
		return g.hidden["cost"] == "CostUSD" && g.hidden["meshes"] == "ObjectsSucceeded" && slices.Contains(g.shown, "cost / meshes") && strings.HasPrefix(g.unit, "USD")
	}) {
		t.Error("no graph shows the cost of a mesh")
	}
	for _, properties := range widgetsOf(t, "log") {
		query := properties["query"].(string)
		if strings.HasPrefix(query, "SOURCE '/aws/sagemaker/Endpoints/Gen3DSAMAsyncEndpoint-dev'") && strings.Contains(query, "filter ObjectsFailed = 1") && strings.Contains(query, "by code") {
			return
		}
		t.Errorf("the query is %s", query)
	}
	t.Error("no table shows the failures by code")
}

// unitOf returns the axis label of a metric or expression, empty if it has
// none.
func (g graph) unitOf(name string) (unit string, ok bool) {
	namespace := g.namespaces[name]
	switch {
	case namespace == "": // an expression
		return "", true
	case namespace != "Gen3D":
		unit, ok = documentedUnits[namespace][name]
		return unit, ok
	case strings.HasSuffix(name, "Ms"):
		return "ms", true
	case strings.HasSuffix(name, "Seconds"):
		return "s", true
	case strings.HasSuffix(name, "Bytes"):
		return "bytes", true
	}
	return "", true
}

func graphs(t *testing.T) []graph {
	t.Helper()
	var all []graph
	for _, properties := range widgetsOf(t, "metric") {
		all = append(all, readGraph(properties))
	}
	if len(all) == 0 {
		t.Fatal("there is no dashboard")
	}
	return all
}

// widgetsOf returns the properties of the dashboard's widgets of a type.
func widgetsOf(t *testing.T, kind string) (all []map[string]any) {
	t.Helper()
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true"}) {
		if r.TypeToken != "aws:cloudwatch/dashboard:Dashboard" {
			continue
		}
		for _, w := range r.json(t, "dashboardBody")["widgets"].([]any) {
			if widget := w.(map[string]any); widget["type"] == kind {
				all = append(all, widget["properties"].(map[string]any))
			}
		}
	}
	return all
}

func TestModelsLatencyAlarmIsInTheMetricsUnit(t *testing.T) {
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true", "gen3d:model.invocationTimeoutSeconds": "600"}) {
		if r.Name != "alarms-ModelSlow" {
			continue
		}
		if namespace, metric := r.Inputs["namespace"].StringValue(), r.Inputs["metricName"].StringValue(); documentedUnits[namespace][metric] != microseconds {
			t.Errorf("the alarm is on %s %s, which is not in microseconds", namespace, metric)
		}
		if got, want := r.Inputs["threshold"].NumberValue(), 300*1e6; got != want {
			t.Errorf("the alarm starts at %v µs; want %v, half of the time limit", got, want)
		}
		return
	}
	t.Error("there is no alarm on the model's latency")
}

func readGraph(properties map[string]any) graph {
	left := properties["yAxis"].(map[string]any)["left"].(map[string]any)
	g := graph{
		title: properties["title"].(string), unit: left["label"].(string),
		hidden: map[string]string{}, namespaces: map[string]string{},
	}
	for _, line := range properties["metrics"].([]any) {
		parts := line.([]any)
		last, _ := parts[len(parts)-1].(map[string]any)
		if formula, ok := last["expression"].(string); ok {
			g.shown = append(g.shown, formula)
			continue
		}
		name := parts[1].(string)
		g.namespaces[name] = parts[0].(string)
		if visible, ok := last["visible"].(bool); ok && !visible {
			g.hidden[last["id"].(string)] = name
		} else {
			g.shown = append(g.shown, name)
		}
	}
	return g
}
