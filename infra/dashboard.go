package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/job"
	"gen3d/internal/telemetry"
)

// DashboardToken is the type of [Dashboard].
const DashboardToken = "gen3d:infra:Dashboard"

// DashboardArgs are the inputs of [NewDashboard].
type DashboardArgs struct {
	Env       Environment
	API       *API
	Functions *Functions
	Endpoint  *Endpoint // nil while the model is off
	Site      *Site
	Storage   *Storage
}

// Dashboard shows every layer on one page.
type Dashboard struct {
	pulumi.ResourceState

	URL pulumi.StringOutput // stack output
}

// widget is a graph, at most 8 of the dashboard's 24 columns wide.
type widget struct {
	title   string
	stat    string
	unit    string // label of the left axis
	region  string // empty: the stack's region
	daily   bool   // a value a day, shown for a month
	metrics []pulumi.Array
	query   string // of CloudWatch Logs Insights, for a table instead of a graph
}

// metric is a line of a graph: namespace and name, then names and values of
// dimensions.
func metric(parts ...any) pulumi.Array {
	line := make(pulumi.Array, len(parts))
	for i, part := range parts {
		switch part := part.(type) {
		case string:
			line[i] = pulumi.String(part)
		case pulumi.Input:
			line[i] = part
		}
	}
	return line
}

// hidden is a line that is not drawn; expressions refer to it by its id.
func hidden(id string, line pulumi.Array) pulumi.Array {
	return append(line, pulumi.Map{"id": pulumi.String(id), "visible": pulumi.Bool(false)})
}

// expression is a line computed from hidden ones.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func expression(formula, label string) pulumi.Array {
	return pulumi.Array{pulumi.Map{"expression": pulumi.String(formula), "label": pulumi.String(label)}}
}

// NewDashboard creates the dashboard.
func NewDashboard(ctx *pulumi.Context, name string, args *DashboardArgs, opts ...pulumi.ResourceOption) (*Dashboard, error) {
	c := &Dashboard{}
	if err := ctx.RegisterComponentResource(DashboardToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D dashboard %s: %w", name, err)
	}
	var widgets pulumi.Array
	for i, w := range args.widgets() {
		region := args.Env.Region
		if w.region != "" {
			region = w.region
		}
		lines := make(pulumi.Array, len(w.metrics))
		for j, line := range w.metrics {
			lines[j] = line
		}
		kind, properties := "metric", pulumi.Map{
			"title": pulumi.String(w.title), "region": pulumi.String(region), "stat": pulumi.String(w.stat),
			"period": pulumi.Int(300), "view": pulumi.String("timeSeries"), "metrics": lines,
			"yAxis": pulumi.Map{"left": pulumi.Map{"label": pulumi.String(w.unit), "showUnits": pulumi.Bool(false), "min": pulumi.Int(0)}},
		}
		if w.daily {
			properties["period"], properties["start"] = pulumi.Int(24*3600), pulumi.String("-P30D")
		}
		if w.query != "" {
			// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
			kind, properties = "log", pulumi.Map{
				"title": pulumi.String(w.title), "region": pulumi.String(region), "view": pulumi.String("table"), "query": pulumi.String(w.query),
			}
		}
		widgets = append(widgets, pulumi.Map{
			"type": pulumi.String(kind),
			"x":    pulumi.Int(i % 3 * 8), "y": pulumi.Int(i / 3 * 6), "width": pulumi.Int(8), "height": pulumi.Int(6),
			"properties": properties,
		})
	}
	dashboard, err := cloudwatch.NewDashboard(ctx, name+"-operations", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String("Gen3D-Operations-" + args.Env.Stack),
		DashboardBody: pulumi.JSONMarshal(pulumi.Map{"widgets": widgets}),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D dashboard: %w", err)
	}
	c.URL = pulumi.Sprintf("https://%s.console.aws.amazon.com/cloudwatch/home?region=%s#dashboards/dashboard/%s", args.Env.Region, args.Env.Region, dashboard.DashboardName)
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"url": c.URL}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D dashboard %s: %w", name, err)
	}
	return c, nil
}

func (args *DashboardArgs) widgets() []widget {
	stack := args.Env.Stack
	own := func(name, function string) pulumi.Array { // metrics that the functions log in the embedded metric format
		return metric(telemetry.Namespace, name, "Function", function, "Stack", stack)
	}
	var calls, failures, durations, throttles []pulumi.Array
	for _, f := range args.Functions.All() {
		calls = append(calls, metric("AWS/Lambda", "Invocations", "FunctionName", f.Function.Name))
		failures = append(failures, metric("AWS/Lambda", "Errors", "FunctionName", f.Function.Name))
		durations = append(durations, metric("AWS/Lambda", "Duration", "FunctionName", f.Function.Name))
		throttles = append(throttles, metric("AWS/Lambda", "Throttles", "FunctionName", f.Function.Name))
	}
	gateway := func(name string) pulumi.Array {
		return metric("AWS/ApiGateway", name, "ApiId", args.API.API.ID(), "Stage", args.API.Stage.Name)
	}
	// CloudFront's metrics are in us-east-1 in every region.
	site := func(name string) pulumi.Array {
		return metric("AWS/CloudFront", name, "DistributionId", args.Site.Distribution.ID(), "Region", "Global")
	}
	bucket := func(b pulumi.StringInput, class string) pulumi.Array {
		return metric("AWS/S3", "BucketSizeBytes", "BucketName", b, "StorageType", class)
	}
	widgets := []widget{
		{title: "Page: requests", stat: "Sum", unit: "requests", region: "us-east-1", metrics: []pulumi.Array{site("Requests")}},
		{title: "Page: errors", stat: "Average", unit: "%", region: "us-east-1", metrics: []pulumi.Array{site("4xxErrorRate"), site("5xxErrorRate")}},
		{title: "API: requests and errors", stat: "Sum", unit: "requests", metrics: []pulumi.Array{gateway("Count"), gateway("4xx"), gateway("5xx")}},
		{title: "API: slowest 1 %", stat: "p99", unit: "ms", metrics: []pulumi.Array{gateway("Latency"), gateway("IntegrationLatency")}},
		{title: "Functions: calls", stat: "Sum", unit: "calls", metrics: calls},
		{title: "Functions: errors and throttles", stat: "Sum", unit: "calls", metrics: append(failures, throttles...)},
		{title: "Functions: slowest 1 %", stat: "p99", unit: "ms", metrics: durations},
		{title: "Dead letters", stat: "Maximum", unit: "events", metrics: []pulumi.Array{metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", args.Functions.DeadLetters.Name)}},
		{title: "Pending jobs", stat: "Maximum", unit: "jobs", metrics: []pulumi.Array{own("PendingJobs", "sweep"), own("JobsWaiting", "sweep"), own("JobsSwept", "sweep")}},
		{title: "Oldest pending job", stat: "Maximum", unit: "s", metrics: []pulumi.Array{own("OldestPendingSeconds", "sweep")}},
		{title: "Mail", stat: "Sum", unit: "mails", metrics: []pulumi.Array{metric("AWS/SES", "Send"), metric("AWS/SES", "Bounce"), metric("AWS/SES", "Complaint"), own("MailsRefused", "notify")}},
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
		{title: "Storage", stat: "Average", unit: "bytes", daily: true, metrics: []pulumi.Array{
			// Jobs move to Intelligent-Tiering within a day ([dataLifecycle]).
			bucket(args.Storage.Data.Bucket, "StandardStorage"), bucket(args.Storage.Data.Bucket, "IntelligentTieringFAStorage"),
			bucket(args.Storage.Data.Bucket, "IntelligentTieringIAStorage"), bucket(args.Storage.Model.Bucket, "StandardStorage"),
		}},
	}
	if args.Endpoint == nil {
		return widgets
	}
	endpoint := func(name string) pulumi.Array {
		return metric("AWS/SageMaker", name, "EndpointName", args.Endpoint.Endpoint.Name)
	}
	variant := func(namespace, name string) pulumi.Array {
		return metric(namespace, name, "EndpointName", args.Endpoint.Endpoint.Name, "VariantName", args.Endpoint.Variant)
	}
	model := func(names ...string) (lines []pulumi.Array) { // metrics that the model server logs in the embedded metric format
		for _, name := range names {
			lines = append(lines, metric(telemetry.Namespace, name, "Backend", string(job.BackendSAM3D), "Stack", stack))
		}
		return lines
	}
	return append(widgets,
		// The model server logs both metrics for each object, as 1 or 0.
		widget{title: "Model: objects that succeeded", stat: "Sum", unit: "%", metrics: []pulumi.Array{
			hidden("succeeded", model("ObjectsSucceeded")[0]), hidden("failed", model("ObjectsFailed")[0]),
			expression("100 * succeeded / (succeeded + failed)", "success rate"),
		}},
		widget{title: "Model: stages of an object", stat: "Average", unit: "ms", metrics: model("QueueWaitMs", "FetchMs", "MaskMs", "DepthMs", "SparseStructureMs", "LatentsMs", "DecodeMs", "HandoverMs", "ExportMs")},
		widget{title: "Model: GPU memory of an object", stat: "Maximum", unit: "bytes", metrics: model("GpuPeakBytes", "GpuReservedBytes")},
		widget{title: "Model: restarts of worker and exporter, objects at lower settings", stat: "Sum", unit: "times", metrics: model("WorkerRestarts", "ExporterRestarts", "ReducedSettings")},
		widget{title: "Model: cost of the objects", stat: "Sum", unit: "USD at list price", metrics: model("CostUSD")},
		widget{title: "Model: cost of a mesh", stat: "Sum", unit: "USD at list price", metrics: []pulumi.Array{
			hidden("cost", model("CostUSD")[0]), hidden("meshes", model("ObjectsSucceeded")[0]), expression("cost / meshes", "cost of a mesh"),
		}},
		widget{title: "Model: failures by code", query: "SOURCE '" + endpointLogGroup(args.Env) + "' | filter ObjectsFailed = 1 | stats count(*) as objects by code | sort objects desc"},
		widget{title: "Model: backlog", stat: "Maximum", unit: "requests", metrics: []pulumi.Array{endpoint("ApproximateBacklogSize"), endpoint("ApproximateBacklogSizePerInstance"), endpoint("HasBacklogWithoutCapacity")}},
		// API and Extract count a start that they ask for, and one that fails;
		// the alarm on the backlog then starts the instance, later.
		widget{title: "Model: starts asked for", stat: "Sum", unit: "starts", metrics: []pulumi.Array{
			own("Wakes", "api"), own("Wakes", "extract"), own("WakesFailed", "api"), own("WakesFailed", "extract"),
		}},
		// One sample an instance and minute, thus five times the instances.
		widget{title: "Model: running instances", stat: "SampleCount", unit: "instances", metrics: []pulumi.Array{
			hidden("samples", variant("/aws/sagemaker/Endpoints", "CPUUtilization")), expression("samples / 5", "running instances"),
		}},
		widget{title: "Model: oldest request", stat: "Maximum", unit: "s", metrics: []pulumi.Array{endpoint("ApproximateAgeOfOldestRequest")}},
		widget{title: "Model: failed and expired requests", stat: "Sum", unit: "requests", metrics: []pulumi.Array{variant("AWS/SageMaker", "InvocationFailures"), variant("AWS/SageMaker", "ExpiredRequests")}},
		// TotalProcessingTime is in milliseconds, TimeInBacklog in
		// microseconds.
		// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
		widget{title: "Model: time of a request", stat: "Average", unit: "ms", metrics: []pulumi.Array{
			variant("AWS/SageMaker", "TotalProcessingTime"),
			hidden("backlog", variant("AWS/SageMaker", "TimeInBacklog")), expression("backlog / 1000", "TimeInBacklog"),
		}},
		widget{title: "Model: GPU", stat: "Maximum", unit: "%", metrics: []pulumi.Array{variant("/aws/sagemaker/Endpoints", "GPUUtilization"), variant("/aws/sagemaker/Endpoints", "GPUMemoryUtilization")}},
	)
}
