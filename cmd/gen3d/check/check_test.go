package check_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/check"
	"gen3d/tests/support/program"
)

// lines runs the checks, and fails the test if they tried to change something
// or printed a secret.
func (p *place) lines(t *testing.T) []string {
	t.Helper()
	p.open(t)
	findings := check.Run(t.Context(), p.folder, "dev")
	if len(p.cloud.refused) > 0 {
		t.Errorf("AWS was asked for %q, which do not only read", p.cloud.refused)
	}
	if refused, err := os.ReadFile(filepath.Join(p.folder, "refused")); err == nil {
		t.Errorf("a program was run with\n%s", refused)
	}
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.String())
	}
	if all := strings.Join(lines, "\n"); strings.Contains(all, token) || strings.Contains(all, "very-secret") {
		t.Errorf("a secret is printed:\n%s", all)
	}
	return lines
}

var rightLines = []string{
	"ok   settings: Pulumi.dev.yaml is valid",
	"ok   credentials: account 123456789012, region us-east-1",
	"ok   pulumi command: version v3.250.0",
	"ok   pulumi login: as someone",
	"ok   pulumi plugins: aws 6.83.2",
	"ok   Lambda concurrency: the quota is 1000",
	"ok   GPU type: us-east-1 has a quota for ml.g6e.xlarge",
	`ok   GPU quota: "ml.g6e.xlarge for endpoint usage" is 2`,
	`ok   notebook quota: "ml.t3.medium for notebook instance usage" is 1`,
	"ok   SES account: production access",
	"ok   SES sender: noreply@example.com is verified",
	"ok   SES recipients: need no verification with production access",
	"ok   Docker: version 29.0.0",
	"ok   Docker manifests: buildx pushes Docker's own",
	"skip Docker disk: /not/on/this/machine is not on this machine, or cannot be read",
	"ok   weights: gen3d-dev-model-123456789012 has all 2 files",
	"ok   Hugging Face token: gen3d:huggingFaceToken is set as a secret",
	"ok   Hugging Face access: the token reads facebook/sam-3d-objects",
	"ok   sign-in domain: gen3d-dev-users-123456789012 is the stack's own",
	"ok   CloudFront: the stack has its distribution, https://d1.cloudfront.net",
	"ok   endpoint: Gen3DSAMAsyncEndpoint-dev is InService",
}

func TestNothingIsWrong(t *testing.T) {
	gen3d := filepath.Join(t.TempDir(), "gen3d")
	if err := program.Build(gen3d, "gen3d/cmd/gen3d"); err != nil { // before the PATH is set
		t.Fatal(err)
	}
	p := newPlace(t)
	if got := p.lines(t); !slices.Equal(got, rightLines) {
		t.Errorf("the lines are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(rightLines, "\n"))
	}
	p.program(t, gen3d)
}

// program runs the built program gen3d in the place, which must succeed.
func (p *place) program(t *testing.T, gen3d string) {
	t.Helper()
	command := exec.Command(gen3d, "check", "--stack", "dev")
	command.Dir = p.folder
	stdout, err := command.Output()
	if want := strings.Join(rightLines, "\n") + "\n"; err != nil || string(stdout) != want {
		t.Errorf("the program ends with %v and\n%s", err, stdout)
	}
}

// replaced returns a change of the settings.
func replaced(old, by string) func(*place) {
	return func(p *place) { p.settings = strings.Replace(p.settings, old, by, 1) }
}

// wrong has one thing wrong each, and the lines that name it.
var wrong = []struct {
	name   string
	change func(*place)
	lines  []string
}{
	{"no settings file", func(p *place) { p.settings = "" }, []string{
		"fix  settings: there is no Pulumi.dev.yaml in this folder; go to the checkout, or make one from Pulumi.dev.yaml: pulumi stack init dev"}},
	{"unknown key", replaced("model.enabled", "modle.enabled"), []string{
		"fix  settings: gen3d:modle.enabled is unknown; delete it or correct it to model.enabled: edit Pulumi.dev.yaml"}},
	{"no YAML", replaced("config:", "config: [\n"), []string{
		"fix  settings: Pulumi.dev.yaml cannot be read (parsing YAML: yaml: line 3: did not find expected ',' or ']'); correct it: pulumi config --stack dev",
		"skip weights: the stack's settings cannot be used"}},
	{"no region", replaced("  aws:region: us-east-1\n", ""), []string{
		"fix  credentials: the stack has no region; set one: pulumi config set aws:region us-east-1 --stack dev"}},
	{"expired credentials", func(p *place) { p.cloud.credentials = "ExpiredToken" }, []string{
		"fix  credentials: AWS refuses the credentials (ExpiredToken); sign in again: aws sso login, or aws configure, then aws sts get-caller-identity",
		"skip GPU quota: there are no usable AWS credentials"}},
	{"no pulumi command", func(p *place) { delete(p.programs, "pulumi") }, []string{
		"fix  pulumi command: it is not on the PATH; install it: https://www.pulumi.com/docs/install/"}},
	{"not logged in", func(p *place) {
		p.programs["pulumi"] = strings.Replace(pulumiScript, "echo someone", "echo 'error: PULUMI_ACCESS_TOKEN must be set' >&2; exit 255", 1)
	}, []string{"fix  pulumi login: pulumi is not logged in to a backend (error: PULUMI_ACCESS_TOKEN must be set); log in: pulumi login"}},
	{"old pulumi command", func(p *place) { p.programs["pulumi"] = strings.Replace(pulumiScript, "v3.250.0", "v3.249.1", 1) }, []string{
		"fix  pulumi command: version v3.249.1 is older than v3.250.0, whose error hooks the program uses; install a newer one: https://www.pulumi.com/docs/install/"}},
	{"missing plugin", func(p *place) { p.programs["pulumi"] = strings.Replace(pulumiScript, "6.83.2", "6.82.0", 1) }, []string{
		"note pulumi plugins: 1 plugin is not installed; the deployment downloads them, or do it now: pulumi plugin install resource aws v6.83.2"}},
	{"new account's concurrency", func(p *place) {
		p.cloud.executions = 10
		p.settings += "  gen3d:functions.reserveConcurrency: true\n"
	}, []string{
		"fix  Lambda concurrency: the quota is 10, and gen3d:functions.reserveConcurrency needs 111; request more or turn it off: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region us-east-1, or pulumi config set gen3d:functions.reserveConcurrency false --stack dev"}},
	{"new account's concurrency without reservations", func(p *place) {
		p.cloud.executions = 10
		p.settings += "  gen3d:functions.reserveConcurrency: false\n"
	}, []string{
		"note Lambda concurrency: the quota is 10, enough for a few users at once; for more, request more: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region us-east-1"}},
	{"GPU quota below max + 1", func(p *place) { p.settings += "  gen3d:autoscaling.max: 2\n" }, []string{
		`fix  GPU quota: "ml.g6e.xlarge for endpoint usage" is 2, and 3 are needed (2, and one while an update replaces it); request more: aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-MLG6EXLA --desired-value 3 --region us-east-1`}},
	{"GPU quota by default", func(p *place) { delete(p.cloud.quotas, "ml.g6e.xlarge for endpoint usage") }, []string{
		`fix  GPU quota: "ml.g6e.xlarge for endpoint usage" is 0, and 2 are needed (1, and one while an update replaces it); request more: aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-MLG6EXLA --desired-value 2 --region us-east-1`}},
	{"GPU type not in the region", func(p *place) {
		delete(p.cloud.quotas, "ml.g6e.xlarge for endpoint usage")
		delete(p.cloud.defaults, "ml.g6e.xlarge for endpoint usage")
	}, []string{
		"fix  GPU type: us-east-1 has no quota for ml.g6e.xlarge, so it does not offer that type; set another: pulumi config set gen3d:model.instanceType ml.g6e.2xlarge --stack dev"}},
	{"notebook quota", func(p *place) { p.cloud.quotas["ml.t3.medium for notebook instance usage"] = 0 }, []string{
		`fix  notebook quota: "ml.t3.medium for notebook instance usage" is 0; request 1 or turn the notebook off: aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-MLT3MEDI --desired-value 1 --region us-east-1, or pulumi config set gen3d:notebook.enabled false --stack dev`}},
	{"quotas not allowed", func(p *place) { p.cloud.denied = "ListServiceQuotas" }, []string{
		"skip GPU quota: the credentials do not allow servicequotas:ListServiceQuotas"}},
	{"SES shut down", func(p *place) { p.cloud.enforcement = "SHUTDOWN" }, []string{
		"fix  SES account: SES sends nothing for this account (SHUTDOWN); answer AWS's case in the support center: aws sesv2 put-account-details --help"}},
	{"sandbox and unverified admin", func(p *place) {
		p.cloud.production, p.cloud.identities["admin@example.com"] = false, false
	}, []string{
		"fix  SES recipients: admin@example.com not verified, and the sandbox mails only verified addresses; follow the link in AWS's mail to each: aws sesv2 get-email-identity --email-identity admin@example.com --region us-east-1"}},
	{"sandbox and unknown admin", func(p *place) {
		p.cloud.production = false
		delete(p.cloud.identities, "admin@example.com")
	}, []string{
		"fix  SES recipients: admin@example.com not known to SES, and the sandbox mails only verified addresses; let make up create an identity: pulumi config set gen3d:email.verify admin@example.com --stack dev"}},
	{"sandbox and testers before the first up", func(p *place) {
		p.cloud.production = false
		p.settings += "  gen3d:email.verify: tester@example.com\n"
	}, []string{
		"note SES recipients: tester@example.com not known to SES yet; make up creates an identity of each, and the link in AWS's mail confirms it"}},
	{"unverified sender", func(p *place) { p.cloud.identities["noreply@example.com"] = false }, []string{
		"fix  SES sender: noreply@example.com is not verified; follow the link in AWS's mail to it: aws sesv2 get-email-identity --email-identity noreply@example.com --region us-east-1"}},
	{"unverified domain", func(p *place) {
		p.cloud.identities["example.com"] = false
		p.settings += "  gen3d:email.domain: example.com\n"
	}, []string{
		"fix  SES sender: example.com is not verified; add the DKIM records to its DNS: pulumi stack output dkimRecords --stack dev"}},
	{"no docker command", func(p *place) { delete(p.programs, "docker") }, []string{
		"fix  Docker: the docker command is not on the PATH, and the image is built with it; install it: https://docs.docker.com/engine/install/",
		"skip Docker manifests: Docker does not answer"}},
	{"docker not running", func(p *place) {
		p.programs["docker"] = "#!/bin/sh\necho '{\"ServerErrors\":[\"Cannot connect to the Docker daemon\"]}'\nexit 1\n"
	}, []string{
		"fix  Docker: Docker does not answer (Cannot connect to the Docker daemon); start it: sudo systemctl start docker, or start Docker Desktop"}},
	{"no buildx", func(p *place) {
		p.programs["docker"] = dockerScript("/", `echo "docker: unknown command: docker buildx" >&2; exit 1`)
	}, []string{
		"fix  Docker manifests: docker has no buildx (docker: unknown command: docker buildx), which pushes the manifests that SageMaker accepts; install it: https://github.com/docker/buildx#installing"}},
	{"no bucket", func(p *place) { p.cloud.noBucket = true }, []string{
		"fix  weights: there is no bucket gen3d-dev-model-123456789012 yet; deploy without the model, then push the weights: pulumi config set gen3d:model.enabled false --stack dev && make up STACK=dev && bin/gen3d weights push --stack dev"}},
	{"no weights", func(p *place) { clear(p.cloud.objects) }, []string{
		"fix  weights: gen3d-dev-model-123456789012 has no weights/sam-3d-objects/weights.json, so no push was completed; push the weights: bin/gen3d weights push --stack dev"}},
	{"a file less", func(p *place) { delete(p.cloud.objects, "weights/sam-3d-objects/moge/model.pt") }, []string{
		"fix  weights: weights/sam-3d-objects/weights.json lists moge/model.pt, which the bucket does not have (incomplete); push the weights again: bin/gen3d weights push --stack dev"}},
	{"no weights, and the model is off", func(p *place) {
		clear(p.cloud.objects)
		replaced("model.enabled: true", "model.enabled: false")(p)
	}, []string{
		"note weights: gen3d-dev-model-123456789012 has no weights/sam-3d-objects/weights.json, so no push was completed; push the weights (needed once gen3d:model.enabled is true): bin/gen3d weights push --stack dev"}},
	{"no token", replaced("  gen3d:huggingFaceToken:\n    secure: v1:abcdef\n", ""), []string{
		"fix  Hugging Face token: the stack has no gen3d:huggingFaceToken and HF_TOKEN is not set; make a read token at https://huggingface.co/settings/tokens and set it: pulumi config set --secret gen3d:huggingFaceToken --stack dev",
		"skip Hugging Face access: there is no token"}},
	{"plain token", replaced("\n    secure: v1:abcdef", " "+token), []string{
		"fix  Hugging Face token: gen3d:huggingFaceToken is in the settings unencrypted; make a new token and set it as a secret: pulumi config set --secret gen3d:huggingFaceToken --stack dev"}},
	{"access not granted", func(p *place) { p.hub.Granted = false }, []string{
		"fix  Hugging Face access: this token's account has no access to facebook/sam-3d-objects: ask for it at HUB/facebook/sam-3d-objects (approval can take days), or use a token of an account that has it (the hub says: Access to model facebook/sam-3d-objects is restricted and you are not in the authorized list. Visit https://huggingface.co/facebook/sam-3d-objects to ask for access): bin/gen3d weights plan --stack dev"}},
	{"token refused", func(p *place) { p.hub.Token = "another" }, []string{
		"fix  Hugging Face access: Hugging Face refuses the token: make a new one with read access at https://huggingface.co/settings/tokens, and put it in HF_TOKEN or, for a stack, in its setting gen3d:huggingFaceToken (the hub says: Invalid credentials in Authorization header): pulumi config set --secret gen3d:huggingFaceToken --stack dev"}},
	{"sign-in domain taken", func(p *place) { p.cloud.pool = "us-east-1_other" }, []string{
		"fix  sign-in domain: gen3d-dev-users-123456789012 belongs to user pool us-east-1_other, which is not the stack's; if nobody uses it, delete the domain: aws cognito-idp delete-user-pool-domain --domain gen3d-dev-users-123456789012 --user-pool-id us-east-1_other --region us-east-1"}},
	{"nothing is deployed", func(p *place) {
		p.cloud.pool, p.cloud.endpoint = "", ""
		p.programs["pulumi"] = strings.Replace(pulumiScript, "echo '{\"websiteUrl\"", "echo '{\"other\"", 1)
	}, []string{
		"ok   sign-in domain: gen3d-dev-users-123456789012 is free",
		"note CloudFront: AWS does not tell in advance whether a new account may create distributions; if make up ends with \"Your account must be verified\", open a case at https://console.aws.amazon.com/support/home#/case/create",
		"ok   endpoint: there is no Gen3DSAMAsyncEndpoint-dev yet"}},
	{"failed endpoint", func(p *place) { p.cloud.endpoint = "Failed" }, []string{
		"fix  endpoint: Gen3DSAMAsyncEndpoint-dev is Failed (no capacity) and cannot be updated; delete it, and make up creates it again: aws sagemaker delete-endpoint --endpoint-name Gen3DSAMAsyncEndpoint-dev --region us-east-1 && pulumi refresh --stack dev"}},
	{"endpoint under way", func(p *place) { p.cloud.endpoint = "Updating" }, []string{
		"fix  endpoint: Gen3DSAMAsyncEndpoint-dev is Updating and cannot be updated meanwhile; wait: aws sagemaker wait endpoint-in-service --endpoint-name Gen3DSAMAsyncEndpoint-dev --region us-east-1"}},
}

func TestEachThingThatIsWrongIsNamed(t *testing.T) {
	for _, test := range wrong {
		t.Run(test.name, func(t *testing.T) {
			p := newPlace(t)
			test.change(p)
			got := p.lines(t)
			for _, want := range test.lines {
				want = strings.ReplaceAll(want, "HUB", p.hub.URL)
				if !slices.Contains(got, want) {
					t.Errorf("no line\n%s\nin\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

// TestDeniedReadsAreSkipped asserts that what the credentials do not allow to
// read is neither right nor wrong.
func TestDeniedReadsAreSkipped(t *testing.T) {
	for operation, want := range map[string]string{
		"GetServiceQuota":        "skip Lambda concurrency: the credentials do not allow servicequotas:GetServiceQuota",
		"GetAccount":             "skip SES account: the credentials do not allow ses:GetAccount",
		"DescribeUserPoolDomain": "skip sign-in domain: the credentials do not allow cognito-idp:DescribeUserPoolDomain",
		"DescribeEndpoint":       "skip endpoint: the credentials do not allow sagemaker:DescribeEndpoint",
	} {
		t.Run(operation, func(t *testing.T) {
			p := newPlace(t)
			p.cloud.denied = operation
			if got := p.lines(t); !slices.Contains(got, want) {
				t.Errorf("no line\n%s\nin\n%s", want, strings.Join(got, "\n"))
			}
		})
	}
}
