package infra

// instructions say what an alarm means to users and what an operator does.
type instructions struct {
	urgency string   // when to act
	meaning string   // what has happened, and what users notice
	look    []string // commands that show the cause
	act     []string // what to do about each cause
}

// Lines that several entries share.
const (
	doctor        = "bin/gen3d doctor --stack dev"
	modelLog      = `aws logs tail /aws/sagemaker/Endpoints/Gen3DSAMAsyncEndpoint-dev --since 2h --filter-pattern '{ $.level = "ERROR" }'`
	endpointState = "aws sagemaker describe-endpoint --endpoint-name Gen3DSAMAsyncEndpoint-dev --query '[EndpointStatus,FailureReason,ProductionVariants]'"
	activities    = "aws application-autoscaling describe-scaling-activities --service-namespace sagemaker --resource-id endpoint/Gen3DSAMAsyncEndpoint-dev/variant/" + variantName + " --max-items 5"
	redrive       = "When the cause is gone, send the events again: `bin/gen3d redrive send --stack dev --all`."
	today         = "today"
	now           = "at once"
	soon          = "this week"
)

func functionErrors(name string) string {
	return `aws logs tail /aws/lambda/Gen3D` + name + `Lambda-dev --since 1h --filter-pattern '?ERROR ?errorMessage ?"Task timed out"'`
}

const runbookHead = `# Runbook

What to do when the admin gets a mail. Generated from the program's alarms; a test keeps it complete. To rewrite it:
` + "`go test ./infra -run Docs -update`" + `; the text is in infra/documents_runbook_words_test.go.

Names are those of the stack dev; for another stack replace dev. The commands need AWS credentials that may read the
stack, and the AWS CLI in version 2. Run ` + "`bin/gen3d doctor --stack dev`" + ` first for every entry: it prints the state of
endpoint, backlog, dead letters, alarms, SES and the last errors of each function, with what to do. The stack's output
` + "`dashboardUrl`" + ` is the address of the dashboard. An alarm mails again when it ends.

| alarm | act |
|---|---|
`

const runbookNotices = `
## Mails that are no alarms

| mail | meaning | do |
|---|---|---|
| AWS Notification - Subscription Confirmation | sent once, after the first up: the admin is not subscribed yet | follow its link; until then no alarm arrives |
| AWS Budgets: Gen3DMonth-dev | the account's cost, or its forecast, has passed 50, 80 or 100 % of budget.monthlyUsd | ` + "`bin/gen3d cost --stack dev`" + `; if the GPU is the reason, see [NoCapacity](#nocapacity) for what keeps an instance, and [scaling.md](scaling.md) for cheaper settings. The budget stops nothing |
| a bounce, complaint or reject of SES, as JSON | one mail to a user did not arrive, or was reported as spam | bounce: correct the user's address; SES suppresses it until ` + "`aws sesv2 delete-suppressed-destination --email-address ADDRESS`" + `. Complaint: ask the user, and delete the account if it is not wanted. Reject: SES found malware in the mail, which Gen3D does not send; report it |
| Gen3D Processing Error | one job failed, or a part of it; the mail names user, job, reason and folder | codes and what to do: [User Guide](<Gen3D - User Guide - 1.0.md#when-something-fails>). Many at once: [InvocationFailures](#invocationfailures) |

## Alarms that mail nobody

They start and stop instances, and are in alarm as a part of normal operation.

| alarm | purpose | starts at |
|---|---|---|
`

// runbook has the instructions for each alarm of [NewAlarms], by its name
// without stack.
var runbook = map[string]instructions{
	"DeadLetters": {today,
		"Lambda ran an event three times without success, or could not run it, and put it into the queue, where it stays for 14 days. Depending on the event a photo has not become a job, a mail has not been sent, or Sweep has not run. Sweep repeats most lost photo and result events by itself within ten minutes; a job that is still unfinished needs the event again.",
		[]string{"bin/gen3d redrive list --stack dev", `aws sqs get-queue-attributes --queue-url "$(pulumi stack output deadLetterQueueUrl --stack dev)" --attribute-names ApproximateNumberOfMessages`, doctor},
		[]string{
			"Read the function and the error of each message, and see the entry of that function's alarm: [ExtractErrors](#extracterrors), [NotifyErrors](#notifyerrors), [SweepErrors](#sweeperrors).",
			redrive + " Sending twice is harmless: every event may be delivered more than once.",
			"Events of Sweep's schedule need nothing: the next run does the same work.",
		}},
	"SweepMissing": {today,
		"Sweep has not started for half an hour, although it is due every ten minutes. New jobs work; jobs that lost an event, and jobs that wait for one of their user's places, stay unfinished until it runs.",
		[]string{"aws scheduler get-schedule --name Gen3DSweep-dev --query '[State, ScheduleExpression, Target.RoleArn]'", "aws lambda get-function-concurrency --function-name Gen3DSweepLambda-dev", "aws lambda get-account-settings --query AccountLimit"},
		[]string{
			"State is not ENABLED, or the schedule is missing: `make up STACK=dev`.",
			"Throttled, because other functions use all of the account's concurrent executions: ask for a higher quota (`aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000`).",
			"Run it once by hand meanwhile: `aws lambda invoke --function-name Gen3DSweepLambda-dev /tmp/sweep.json`.",
		}},
	"ApiSlow": {soon,
		"One answer of the API in a hundred takes longer than the threshold, in milliseconds. The page feels slow, and a request that reaches the function's 15 seconds fails.",
		[]string{doctor, "aws logs tail /aws/lambda/Gen3DApiLambda-dev --since 1h --filter-pattern '{ $.ms > 2000 }'"},
		[]string{
			"Only `GET /api/jobs` is slow: a user with very many jobs; their list is read from S3 in pages. Set retention.jobsDays, or ask the user to delete jobs.",
			"All routes: throttling. See the graph of throttles on the dashboard, and ask for more concurrent executions as in [SweepMissing](#sweepmissing).",
			"None of both: see [AWS's health](https://health.aws.amazon.com/health/status) for S3 in the region.",
		}},
	"MailRefused": {today,
		"SES refuses to send to the address of a user or of the admin. The job is finished and on the page, without a mail. It is typical of an account in SES's sandbox.",
		[]string{"bin/gen3d check --stack dev", "aws sesv2 get-account --query '[ProductionAccessEnabled, SendingEnabled, SendQuota]'", `aws logs tail /aws/lambda/Gen3DNotifyLambda-dev --since 1h --filter-pattern '"SES refuses an address"'`},
		[]string{
			"ProductionAccessEnabled is false: let the recipient verify the address (`pulumi config set gen3d:email.verify ADDRESS --stack dev`, `make up STACK=dev`, and AWS's link in the mail), or [ask AWS for production access](https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html).",
			"SendingEnabled is false: AWS has paused the account; see [MailBounces](#mailbounces).",
			"The sender is not verified: its owner follows AWS's link, or the domain's DNS gets the records of the output dkimRecords.",
		}},
	"MailBounces": {now,
		"More than 5 % of the mails come back. AWS reviews accounts above this rate and can stop their sending at 10 %.",
		[]string{"aws sesv2 list-suppressed-destinations --reasons BOUNCE --page-size 20", "bin/gen3d users list --stack dev"},
		[]string{
			"Remove or correct the users with suppressed addresses: `bin/gen3d users remove --stack dev ADDRESS`.",
			"Many unknown sign-ups: set auth.selfSignUp to false and `make up STACK=dev`.",
			"Tests: use [SES's mailbox simulator](https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html), whose bounces do not count, and not invented addresses.",
		}},
	"MailComplaints": {now,
		"More than one recipient in a thousand marks the mails as spam. AWS reviews accounts above this rate and can stop their sending.",
		[]string{"aws sesv2 list-suppressed-destinations --reasons COMPLAINT --page-size 20"},
		[]string{
			"Delete the accounts of those who complained, and do not send to them again; SES suppresses their addresses.",
			"Someone signs up with the addresses of others: set auth.selfSignUp to false and `make up STACK=dev`.",
		}},
	"ApiErrors": {now,
		"More than 2 % of the API's answers are server errors (5xx). The page says that the service could not do it, and tries reads again.",
		[]string{doctor, functionErrors("Api"), "aws logs tail /aws/vendedlogs/apis/Gen3DApi-dev --since 1h --filter-pattern '{ $.status = \"5*\" }'"},
		[]string{
			"503 without an error in the function's log: throttling, as in [SweepMissing](#sweepmissing).",
			"500 with AccessDenied in the log: a policy or key was changed outside Pulumi; `pulumi refresh --stack dev`, then `make up STACK=dev`.",
			"Since the last up: go back to the commit before it, as in [upgrading.md](upgrading.md#go-back).",
		}},
	"ApiFunctionErrors": {now,
		"The function of the API ends with an error, a timeout or a crash, which is not an answer. Each is a 5xx to a user, so [ApiErrors](#apierrors) usually starts as well.",
		[]string{doctor, functionErrors("Api")},
		[]string{
			"`the function cannot start`: the line lists every environment variable that is wrong; correct the stack's settings, `make up STACK=dev`.",
			"`Task timed out`: S3 is slow, or a call hangs in a private network; see [ApiSlow](#apislow).",
			"Since the last up: [go back](upgrading.md#go-back).",
		}},
	"ExtractErrors": {now,
		"Photos do not become jobs. Lambda repeats each event twice, Sweep sends it again every ten minutes; meanwhile the page shows the job as uploading or queued. A photo that cannot be used is not an error, so this is AWS or the deployment.",
		[]string{doctor, functionErrors("Extract"), endpointState},
		[]string{
			"`Could not find endpoint`, while the model is off: turn it on (model.enabled), or tell users to wait. Sweep queues the jobs once the endpoint exists, as long as they are younger than a request can be.",
			"`ThrottlingException`: too many requests at once; they are repeated. Lasting: ask AWS for a higher rate of InvokeEndpointAsync.",
			"AccessDenied: as in [ApiErrors](#apierrors).",
			redrive,
		}},
	"NotifyErrors": {today,
		"Mails are not sent, or the failures of requests are not recorded. Meshes are ready on the page; users are not told. Lambda repeats each event, and Sweep sends it again.",
		[]string{doctor, functionErrors("Notify"), "aws sesv2 get-account --query '[ProductionAccessEnabled, SendingEnabled, EnforcementStatus, SendQuota]'"},
		[]string{
			"`Maximum sending rate exceeded` or `Daily message quota exceeded`: ask SES for more; functions.reserveConcurrency limits the rate.",
			"`Email address is not verified`, no mail to anyone: the sender's or the admin's address; see [MailRefused](#mailrefused).",
			"Mails are held by another run (`lease`): it ends within a minute; nothing to do.",
			redrive,
		}},
	"SweepErrors": {today,
		"Sweep runs, and at least one job could not be ended. The others have been.",
		[]string{doctor, functionErrors("Sweep")},
		[]string{
			"The log names the job: `bin/gen3d jobs show --stack dev JOB` prints its documents.",
			"A document that is not valid JSON: it was changed by hand. Restore the version before (`aws s3api list-object-versions`), or delete the job: `bin/gen3d jobs delete --stack dev JOB`.",
			"`Task timed out`: there are more unfinished jobs than it can read in five minutes; the next run continues. See [growth.md](growth.md).",
		}},
	"BacklogAge": {today,
		"A request has waited for an hour. Users see their jobs as queued. At model.requestTtlSeconds it expires and fails.",
		[]string{doctor, endpointState, activities},
		[]string{
			"No instance: [NoCapacity](#nocapacity).",
			"As many instances as autoscaling.max: more work than they can do. Raise autoscaling.max, with a GPU quota of one more, and `make up STACK=dev`.",
			"Fewer than that: the activities say why no further one starts.",
		}},
	"NoCapacity": {now,
		"Requests wait and no instance has started for half an hour. Jobs stay queued and fail when they expire.",
		[]string{doctor, endpointState, activities, modelLog},
		[]string{
			"`ResourceLimitExceeded`: the account's quota of the type is 0 or used up; `bin/gen3d check --stack dev` prints the command that asks for more.",
			"`InsufficientInstanceCapacity`: AWS has none of the type in the region now. It is tried again; lasting: another type of [configuration.md](configuration.md#types-of-modelinstancetype).",
			"DesiredInstanceCount is 1 and an instance starts and ends: the container does not pass its health check. The log says why: a missing weights file (`bin/gen3d weights plan --stack dev`), a driver too old for the image's CUDA (model.inferenceAmiVersion), or too little GPU memory (model.instanceType).",
			"EndpointStatus is Failed or UpdateRollbackFailed: `bin/gen3d endpoint check --stack dev` says what to do.",
			"Nothing of this: start one by hand, `aws sagemaker update-endpoint-weights-and-capacities --endpoint-name Gen3DSAMAsyncEndpoint-dev --desired-weights-and-capacities VariantName=" + variantName + ",DesiredInstanceCount=1`.",
		}},
	"ModelSlow": {soon,
		"Objects take more than half of their timeout; the metric is in microseconds. Objects beyond the timeout fail.",
		[]string{doctor, `aws logs tail /aws/sagemaker/Endpoints/Gen3DSAMAsyncEndpoint-dev --since 2h --filter-pattern '"object made"'`},
		[]string{
			"The times by stage in the log tell which stage is slow; the dashboard has the GPU's use and memory.",
			"All stages: a faster type of [configuration.md](configuration.md#types-of-modelinstancetype), or a higher model.invocationTimeoutSeconds.",
			"The GPU is idle meanwhile: photos or files; see the graphs of S3.",
		}},
	"InvocationFailures": {today,
		"The endpoint got no usable answer of the container: it exited, timed out, or could not write a result. Notify writes a failed result for each, so users get a mail that says so. Objects that the model itself failed are no failures in this sense; the dashboard counts them by code.",
		[]string{doctor, modelLog, endpointState},
		[]string{
			"`no outcome written` with AccessDenied: as in [ApiErrors](#apierrors).",
			"The worker exits again and again: memory. See the graph of GPU memory; lower model.maxConcurrency to 1, or choose a type with more memory.",
			"After the cause is gone the user submits again, or the operator does: `bin/gen3d jobs retry --stack dev JOB`.",
		}},
	"ExpiredRequests": {today,
		"Requests have waited longer than model.requestTtlSeconds and were dropped. Their objects fail, and users get a mail that says so.",
		[]string{doctor, endpointState, activities},
		[]string{
			"The causes are those of [BacklogAge](#backlogage), and [NoCapacity](#nocapacity) if none ran.",
			"Then repeat the failed jobs: `bin/gen3d jobs list --stack dev --state failed`, `bin/gen3d jobs retry --stack dev JOB`.",
		}},
}
