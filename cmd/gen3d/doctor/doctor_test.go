package doctor_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/doctor"
	"gen3d/internal/job"
	"gen3d/tests/support/command"
	"gen3d/tests/support/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

var well = []string{
	"ok   credentials: account 123456789012, region us-east-1",
	"ok   endpoint: Gen3DSAMAsyncEndpoint-dev is InService with config-2",
	"ok   instances: 1 instance runs",
	"ok   backlog: no request waits for the model",
	"ok   unfinished jobs: none",
	"ok   dead letters: none",
	"ok   alarms: none is in ALARM",
	"ok   SES account: production access",
	"ok   SES sender: noreply@example.com is verified",
	"ok   SES recipients: need no verification with production access",
	"ok   log of Extract: no errors in 24h",
	"ok   log of Notify: no errors in 24h",
	"ok   log of API: no errors in 24h",
	"ok   log of Sweep: no errors in 24h",
	"ok   log of the model: there is no log yet",
}

func run(t *testing.T, args ...string) ([]string, command.Result) {
	t.Helper()
	result := command.Run(t, &struct {
		Doctor doctor.Command `cmd:""`
	}{}, "", append([]string{"doctor", "--stack", "dev"}, args...)...)
	return strings.Split(strings.TrimSpace(result.Out), "\n"), result
}

func TestAStackThatIsWell(t *testing.T) {
	newCloud(t)
	lines, result := run(t)
	if result.Failure != nil || !slices.Equal(lines, well) {
		t.Errorf("%v\n%s\nwant\n%s", result.Failure, result.Out, strings.Join(well, "\n"))
	}
	var findings []check.Finding
	_, result = run(t, "--json")
	if err := json.Unmarshal([]byte(result.Out), &findings); err != nil || len(findings) != len(well) {
		t.Errorf("%v, %d findings", err, len(findings))
	}
}

// ill has one thing wrong each, and the line that says what to do.
var ill = []struct {
	name   string
	change func(*cloud)
	line   string
}{
	{"credentials", func(c *cloud) { c.credentials = "ExpiredToken" },
		"fix  credentials: AWS refuses the credentials (ExpiredToken); sign in again: aws sso login, or aws configure, then aws sts get-caller-identity"},
	{"no model", func(c *cloud) { c.status, c.outputs["endpointConfigName"] = "", "" },
		"note endpoint: the model is off, so jobs wait until they fail; once the weights are in the bucket, turn it on: pulumi config set gen3d:model.enabled true --stack dev && make up STACK=dev"},
	{"endpoint gone", func(c *cloud) { c.status = "" },
		"fix  endpoint: Gen3DSAMAsyncEndpoint-dev does not exist; create it again: pulumi refresh --yes --stack dev && make up STACK=dev"},
	{"endpoint failed", func(c *cloud) { c.status, c.reason = "Failed", "no capacity for ann@example.com" },
		"fix  endpoint: Gen3DSAMAsyncEndpoint-dev is Failed (no capacity for (address)); correct the cause, delete it, and create it again: aws sagemaker delete-endpoint --endpoint-name Gen3DSAMAsyncEndpoint-dev --region us-east-1 && pulumi refresh --yes --stack dev && make up STACK=dev"},
	{"endpoint under way", func(c *cloud) { c.status = "Updating" },
		"note endpoint: Gen3DSAMAsyncEndpoint-dev is Updating; wait until it is InService: aws sagemaker wait endpoint-in-service --endpoint-name Gen3DSAMAsyncEndpoint-dev --region us-east-1"},
	{"rolled back", func(c *cloud) { c.config, c.reason = "config-1", "the health check failed" },
		"fix  endpoint: SageMaker rolled the last update of Gen3DSAMAsyncEndpoint-dev back to config-1 (the health check failed); correct the cause, and update it again: pulumi refresh --yes --stack dev && make up STACK=dev"},
	{"endpoint not allowed", func(c *cloud) { c.Deny("DescribeEndpoint") },
		"skip endpoint: the credentials do not allow sagemaker:DescribeEndpoint"},
	{"instance missing", func(c *cloud) { c.desired = 2 },
		"note instances: 1 instance runs of 2; a start takes minutes, and longer is a lack of quota or capacity: aws application-autoscaling describe-scaling-activities --service-namespace sagemaker --resource-id endpoint/Gen3DSAMAsyncEndpoint-dev/variant/sam3d --region us-east-1"},
	{"instance starts", func(c *cloud) {
		c.metrics = map[string]float64{"ApproximateBacklogSize": 3, "ApproximateAgeOfOldestRequest": 120, "HasBacklogWithoutCapacity": 1}
	},
		"note backlog: 3 requests in the endpoint's queue, the oldest for 2m0s; an instance is starting"},
	{"no instance starts", func(c *cloud) {
		c.metrics = map[string]float64{"ApproximateBacklogSize": 3, "ApproximateAgeOfOldestRequest": 2400, "HasBacklogWithoutCapacity": 1}
	},
		"fix  backlog: 3 requests in the endpoint's queue, the oldest for 40m0s, and no instance runs: a lack of quota or capacity, or a model that does not load; see why: aws application-autoscaling describe-scaling-activities --service-namespace sagemaker --resource-id endpoint/Gen3DSAMAsyncEndpoint-dev/variant/sam3d --region us-east-1"},
	{"too few instances", func(c *cloud) {
		c.metrics = map[string]float64{"ApproximateBacklogSize": 300, "ApproximateAgeOfOldestRequest": 4000}
	},
		"fix  backlog: 300 requests in the endpoint's queue, the oldest for 1h6m40s; allow more instances (the quota must allow them: bin/gen3d check): pulumi config set gen3d:autoscaling.max N --stack dev && make up STACK=dev"},
	{"metrics not allowed", func(c *cloud) { c.Deny("GetMetricData") },
		"skip backlog: the credentials do not allow cloudwatch:GetMetricData"},
	{"dead letters", func(c *cloud) { c.dead = 2 },
		"fix  dead letters: 2 events failed every retry; see why, correct the cause, and send them again: bin/gen3d redrive list --stack dev"},
	{"alarm", func(c *cloud) { c.alarm = "Gen3DNoCapacity-dev" },
		"fix  alarms: Gen3DNoCapacity-dev since 2023-11-14 22:13:20Z: Requests have waited: aws cloudwatch describe-alarm-history --alarm-name Gen3DNoCapacity-dev --max-items 5 --region us-east-1"},
	{"sandbox", func(c *cloud) { c.sandbox = true },
		"fix  SES recipients: admin@example.com not verified, and the sandbox mails only verified addresses; follow the link in AWS's mail to each: aws sesv2 get-email-identity --email-identity admin@example.com --region us-east-1"},
	{"errors in a log", func(c *cloud) {
		c.log = []string{`{"time":"t","level":"ERROR","msg":"sending failed","error":"ann@example.com: refused","jobId":"7zzz"}`, "2023 r1 Task timed out after 60.00 seconds", "panic: nil", "ERROR more"}
	},
		`note log of Notify: more than 3 errors in 24h, the newest: 2023-11-14 22:13:20Z sending failed: (address): refused (job 7zzz) | 2023-11-14 22:13:20Z 2023 r1 Task timed out after 60.00 seconds | 2023-11-14 22:13:20Z panic: nil: aws logs tail /aws/lambda/Gen3DNotifyLambda-dev --since 24h --filter-pattern '?ERROR ?"Task timed out" ?"Runtime exited" ?"panic:" ?Traceback' --region us-east-1`},
}

func TestEachThingThatIsWrongSaysWhatToDo(t *testing.T) {
	for _, test := range ill {
		t.Run(test.name, func(t *testing.T) {
			c := newCloud(t)
			test.change(c)
			c.apply()
			lines, result := run(t)
			if !slices.Contains(lines, test.line) {
				t.Errorf("no line\n%s\nin\n%s", test.line, result.Out)
			}
			if failed := result.Failure != nil; failed != strings.Contains("\n"+result.Out, "\nfix ") {
				t.Errorf("ends with %v", result.Failure)
			}
		})
	}
}

func TestAJobThatDoesNotEnd(t *testing.T) {
	newCloud(t)
	user := s3test.User(t)
	id, err := job.NewID(time.Now().Add(-9*time.Hour+29*time.Second), strings.NewReader("0123456789")) // rounded to minutes
	if err != nil {
		t.Fatal(err)
	}
	s3test.Put(t, job.Ref{User: user, Job: id}.PendingKey(), "text/plain", nil, nil)
	lines, _ := run(t)
	want := "note unfinished jobs: 1 job, the oldest since 9h0m0s; Sweep ends jobs unless they wait for a place, so see which they are and whether it runs: " +
		"bin/gen3d jobs list --stack dev --state queued,processing, then aws logs tail /aws/lambda/Gen3DSweepLambda-dev --since 1h --region us-east-1"
	if !slices.Contains(lines, want) {
		t.Errorf("no line\n%s\nin\n%s", want, strings.Join(lines, "\n"))
	}
}
