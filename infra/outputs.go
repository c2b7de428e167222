package infra

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Output is an output of a stack, with its documentation.
type Output struct{ Name, Doc string }

// Outputs lists the outputs that `pulumi stack output` prints, in the order of
// the documents.
func Outputs() []Output { return append([]Output(nil), outputs...) }

var outputs = []Output{
	{"websiteUrl", "The page."},
	{"apiUrl", "The HTTP API under the page's origin; append /jobs."},
	{"region", "Region of the stack."},
	{"dataBucket", "Bucket of photos, results and the page."},
	{"modelBucket", "Bucket of the weights and of the endpoint's outputs."},
	{"weightsUri", "S3 URI of the weights in that bucket."},
	{"userPoolId", "User pool, for gen3d users and gen3d token."},
	{"userPoolClientId", "App client of the page and of gen3d token."},
	{"loginUrl", "Sign-in page."},
	{"ecrRepositoryUrl", "Repository of the model's image."},
	{"imageUri", "The deployed image by digest; empty until the model is on and the image is built."},
	{"endpointName", "The asynchronous endpoint; it exists once model.enabled is true."},
	{"endpointConfigName", "Configuration that the endpoint should have; empty until the model is on."},
	{"extractFunction", "Function that turns a photo into a job."},
	{"notifyFunction", "Function that mails results."},
	{"apiFunction", "Function behind the API."},
	{"sweepFunction", "Function that ends jobs that lost an event."},
	{"deadLetterQueueUrl", "Queue of the events that failed every retry."},
	{"dashboardUrl", "Dashboard of all layers."},
	{"alarmTopicArn", "Topic of the alarms; the admin confirms the subscription by mail."},
	{"dkimRecords", "CNAME records for the mail domain's DNS; empty without email.domain."},
	{"unverifiedEmails", "Identities of SES that were unverified at the last up or refresh: follow AWS's link in their mail, or add dkimRecords, then run pulumi refresh."},
	{"notebookUrl", "Notebook that prepares weights; empty without notebook.enabled."},
}

func (s *stack) export() {
	none := pulumi.String("").ToStringOutput()
	notebook := none
	if s.notebook != nil {
		notebook = s.notebook.URL
	}
	configuration := none
	if s.endpoint != nil {
		configuration = s.endpoint.Configuration
	}
	values := map[string]pulumi.Input{
		"websiteUrl":         s.site.URL,
		"apiUrl":             join(s.site.URL, "/api"),
		"region":             pulumi.String(s.env.Region),
		"dataBucket":         s.storage.Data.Bucket,
		"modelBucket":        s.storage.Model.Bucket,
		"weightsUri":         join("s3://", s.storage.Model.Bucket, "/", WeightsPrefix),
		"userPoolId":         s.identity.Pool.ID(),
		"userPoolClientId":   s.client.ID,
		"loginUrl":           s.identity.LoginHost,
		"ecrRepositoryUrl":   s.registry.Repository.RepositoryUrl,
		"imageUri":           s.registry.Image,
		"endpointName":       pulumi.String(s.env.EndpointName()),
		"endpointConfigName": configuration,
		"extractFunction":    s.functions.Extract.Function.Name,
		"notifyFunction":     s.functions.Notify.Function.Name,
		"apiFunction":        s.functions.API.Function.Name,
		"sweepFunction":      s.functions.Sweep.Function.Name,
		"deadLetterQueueUrl": s.functions.DeadLetters.Url,
		"dashboardUrl":       s.dashboard.URL,
		"alarmTopicArn":      s.alerts.Topic.Arn,
		"dkimRecords":        s.mail.DKIMRecords,
		"unverifiedEmails":   s.mail.Unverified,
		"notebookUrl":        notebook,
	}
	for _, output := range outputs {
		s.ctx.Export(output.Name, values[output.Name])
	}
}
