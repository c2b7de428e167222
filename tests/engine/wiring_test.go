package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/bucket"
	"gen3d/internal/job"
	"gen3d/tests/support/program"
	"gen3d/tests/support/readme"
	"gen3d/tests/support/runtimeapi"
)

// invokeTimeout bounds every invocation of a function. No test depends on how
// long one takes.
const invokeTimeout = 2 * time.Minute

// deployed is an emulated stack whose functions run.
type deployed struct {
	*testing.T
	emulator string
	outputs  map[string]string
	wire     *wire
	s3       *s3.Client
	programs string
	logs     bytes.Buffer // of the functions whose invocation has ended
}

// checkFunctions runs the functions' programs on an emulated stack, with only
// the environment that the stack gives them.
func checkFunctions(s *stack) {
	t := s.T
	t.Helper()
	d := &deployed{T: t, emulator: s.emulator, outputs: map[string]string{}, wire: newWire(t, s.emulator), programs: t.TempDir()}
	for name := range s.outputs {
		d.outputs[name] = s.output(name)
	}
	cfg := aws.Config{
		Region: d.outputs["region"], BaseEndpoint: &d.emulator,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	d.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	address, user := d.addUser(cognitoidentityprovider.NewFromConfig(cfg))

	documents := bucket.New(d.s3, d.outputs["dataBucket"])

	// A photo runs Extract, which invokes the endpoint.
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 600, 400)), nil); err != nil {
		t.Fatal(err)
	}
	photo := job.UsersPrefix + user + "/input/cup.jpg" // uploaded without the API
	d.put(photo, "image/jpeg", picture.Bytes())
	if ran := d.deliver(photo); ran != d.outputs["extractFunction"] {
		t.Fatalf("a photo ran %s, want %s", ran, d.outputs["extractFunction"])
	}
	invocations := d.wire.to("/async-invocations")
	if len(invocations) != 1 {
		t.Fatalf("the endpoint was invoked %d times, want once; Extract wrote:\n%s", len(invocations), d.logs.String())
	}
	if want := "/endpoints/" + d.outputs["endpointName"] + "/async-invocations"; invocations[0].path != want {
		t.Errorf("Extract invoked %s, want %s", invocations[0].path, want)
	}
	location := invocations[0].header.Get("X-Amzn-Sagemaker-Inputlocation")
	prefix := "s3://" + d.outputs["dataBucket"] + "/" + job.OutputPrefix(user)
	name, _, _ := strings.Cut(strings.TrimPrefix(location, prefix), "/")
	ref := job.Ref{User: user, Job: job.ID(name)}
	if want := "s3://" + d.outputs["dataBucket"] + "/" + ref.ManifestKey(); location != want || name == "" {
		t.Fatalf("the endpoint was given %q, want a manifest below %s", location, prefix)
	}
	d.endpointExists()

	// A result runs Notify, which sends the mails.
	file, err := documents.PutFile(t.Context(), ref, 1, job.FormatGLB, []byte("glTF"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := documents.CreateResult(t.Context(), ref, job.Result{
		Version: job.Version, Index: 1, Status: job.StatusSucceeded, Files: []job.File{file},
		Mesh: &job.MeshStats{Vertices: 4, Faces: 4}, Backend: job.BackendSAM3D, FinishedAt: time.Now().UTC(),
	}); err != nil {
		t.Fatal(err)
	}
	if ran := d.deliver(ref.ResultKey(1)); ran != d.outputs["notifyFunction"] {
		t.Fatalf("a result ran %s, want %s", ran, d.outputs["notifyFunction"])
	}
	d.mails(s.settings, ref, address)

	// The other functions start with their environment.
	for _, function := range []string{"apiFunction", "sweepFunction"} {
		d.start(d.outputs[function])
	}
}

// addUser creates a user as the README's command does, and returns its address
// and its sub.
func (d *deployed) addUser(users *cognitoidentityprovider.Client) (address, sub string) {
	d.Helper()
	user, err := readme.User("../..")
	if err != nil {
		d.Fatal(err)
	}
	in := &cognitoidentityprovider.AdminCreateUserInput{UserPoolId: aws.String(d.outputs["userPoolId"]), Username: &user.Username}
	for _, a := range user.Attributes {
		in.UserAttributes = append(in.UserAttributes, cognito.AttributeType{Name: &a.Name, Value: &a.Value})
	}
	created, err := users.AdminCreateUser(d.Context(), in)
	if err != nil {
		d.Fatalf("adding a user to the stack's pool: %v", err)
	}
	for _, attribute := range created.User.Attributes {
		if aws.ToString(attribute.Name) == "sub" {
			return user.Username, aws.ToString(attribute.Value)
		}
	}
	d.Fatal("the new user has no sub")
	return "", ""
}

func (d *deployed) put(key, contentType string, body []byte) {
	d.Helper()
	if _, err := d.s3.PutObject(d.Context(), &s3.PutObjectInput{
		Bucket: aws.String(d.outputs["dataBucket"]), Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
	}); err != nil {
		d.Fatalf("uploading %s: %v", key, err)
	}
}

// deliver sends the event of an object to the function that the bucket's
// notification selects, and returns the function's name.
func (d *deployed) deliver(key string) string {
	d.Helper()
	notification, err := d.s3.GetBucketNotificationConfiguration(d.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String(d.outputs["dataBucket"])})
	if err != nil {
		d.Fatalf("reading the bucket's notification: %v", err)
	}
	var functions []string
	for _, to := range notification.LambdaFunctionConfigurations {
		matches := true
		for _, rule := range to.Filter.Key.FilterRules {
			value := aws.ToString(rule.Value)
			if strings.EqualFold(string(rule.Name), "prefix") {
				matches = matches && strings.HasPrefix(key, value)
			} else {
				matches = matches && strings.HasSuffix(key, value)
			}
		}
		if matches {
			arn := aws.ToString(to.LambdaFunctionArn)
			functions = append(functions, arn[strings.LastIndex(arn, ":")+1:])
		}
	}
	if len(functions) != 1 {
		d.Fatalf("%s runs the functions %v, want one", key, functions)
	}
	event := fmt.Sprintf(`{"Records":[{"eventVersion":"2.5","eventSource":"aws:s3","awsRegion":%q,"eventTime":%q,"eventName":"ObjectCreated:Put",
		"s3":{"s3SchemaVersion":"1.0","bucket":{"name":%q,"arn":%q},"object":{"key":%q,"size":1,"eTag":"0","sequencer":"0055AED6DCD90281E5"}}}]}`,
		d.outputs["region"], time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), d.outputs["dataBucket"], "arn:aws:s3:::"+d.outputs["dataBucket"], url.QueryEscape(key))
	host, logs := d.start(functions[0])
	if _, err := host.Invoke(d.Context(), json.RawMessage(event), invokeTimeout); err != nil {
		d.Fatalf("%s with the event of %s: %v\n%s", functions[0], key, err, logs)
	}
	host.Close()
	d.logs.Write(logs.Bytes())
	return functions[0]
}

// start runs a function's program with the deployed function's environment and
// the variables that connect it to the emulator.
func (d *deployed) start(function string) (*runtimeapi.Host, *bytes.Buffer) {
	d.Helper()
	var configuration struct {
		Environment struct{ Variables map[string]string }
	}
	d.ask(http.MethodGet, "/2015-03-31/functions/"+function+"/configuration", "lambda", "", nil, &configuration)
	environment := []string{
		"AWS_ENDPOINT_URL=" + d.wire.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION=" + d.outputs["region"], "GEN3D_S3_PATH_STYLE=true",
	}
	for name, value := range configuration.Environment.Variables {
		environment = append(environment, name+"="+value)
	}
	part := ""
	for _, name := range []string{"extract", "notify", "api", "sweep"} {
		if d.outputs[name+"Function"] == function {
			part = name
		}
	}
	bootstrap := filepath.Join(d.programs, part)
	if _, err := os.Stat(bootstrap); err != nil {
		if err := program.Build(bootstrap, "gen3d/handlers/"+part+"/cmd", "-tags", "lambda.norpc"); err != nil {
			d.Fatal(err)
		}
	}
	logs := new(bytes.Buffer)
	host, err := runtimeapi.Start(context.WithoutCancel(d.Context()), bootstrap, environment, logs)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(host.Close)
	if err := host.Ready(d.Context()); err != nil {
		d.Fatalf("%s does not start with its environment: %v\n%s", function, err, logs)
	}
	return host, logs
}

// ask calls an AWS API for which the module has no client. The emulator reads
// service and region from the signature's scope and checks no signature.
func (d *deployed) ask(method, path, service, target string, body any, answer any) {
	d.Helper()
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			d.Fatal(err)
		}
		payload = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(d.Context(), method, d.emulator+path, payload)
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+d.outputs["region"]+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		d.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		d.Fatalf("%s %s answers %s: %s", service, path+target, response.Status, data)
	}
	if err := json.Unmarshal(data, answer); err != nil {
		d.Fatalf("%s %s answers %s: %v", service, path+target, data, err)
	}
}

// endpointExists checks that SageMaker has the endpoint whose name Extract was
// given.
func (d *deployed) endpointExists() {
	d.Helper()
	var endpoint struct{ EndpointName string }
	d.ask(http.MethodPost, "/", "sagemaker", "SageMaker.DescribeEndpoint", map[string]string{"EndpointName": d.outputs["endpointName"]}, &endpoint)
	if endpoint.EndpointName != d.outputs["endpointName"] {
		d.Errorf("SageMaker names the endpoint %q", endpoint.EndpointName)
	}
}

// mails checks the mails that Notify sent with SES: one to the user and one to
// the admin.
func (d *deployed) mails(settings map[string]string, ref job.Ref, address string) {
	d.Helper()
	sent := d.wire.to("/outbound-emails")
	if len(sent) != 2 {
		d.Fatalf("%d mails were sent, want one to the user and one to the admin; the functions wrote:\n%s", len(sent), d.logs.String())
	}
	d.mail(settings, ref, sent[0], address)
	d.mail(settings, ref, sent[1], settings["gen3d:email.admin"])
}

func (d *deployed) mail(settings map[string]string, ref job.Ref, sent request, to string) {
	d.Helper()
	var mail struct {
		FromEmailAddress     string
		ConfigurationSetName string
		Destination          struct{ ToAddresses []string }
		Content              struct{ Raw struct{ Data string } }
	}
	if err := json.Unmarshal(sent.body, &mail); err != nil {
		d.Fatal(err)
	}
	if want := []string{to}; !slices.Equal(mail.Destination.ToAddresses, want) {
		d.Errorf("the mail went to %v, want %v", mail.Destination.ToAddresses, want)
	}
	if mail.FromEmailAddress != settings["gen3d:email.sender"] {
		d.Errorf("the mail is from %s, want %s", mail.FromEmailAddress, settings["gen3d:email.sender"])
	}
	if !strings.HasPrefix(mail.ConfigurationSetName, "Gen3D") && !strings.HasPrefix(mail.ConfigurationSetName, "gen3d") {
		d.Errorf("the mail names the configuration set %q, not the stack's", mail.ConfigurationSetName)
	}
	raw, err := base64.StdEncoding.DecodeString(mail.Content.Raw.Data)
	if err != nil {
		d.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	if err != nil {
		text = raw
	}
	if link := d.outputs["websiteUrl"] + "/jobs/" + string(ref.Job); !strings.HasPrefix(link, "https://") || !strings.Contains(string(text), link) {
		d.Errorf("the mail does not link to %s:\n%s", link, raw)
	}
}
