package settings

import "strings"

// Environment is the account and region of a stack. It is looked up once and
// passed to every layer.
type Environment struct {
	Stack     string // such as dev
	Account   string // twelve digits
	Region    string // such as us-east-1
	Partition string // aws, aws-cn or aws-us-gov
	DNSSuffix string // amazonaws.com, or amazonaws.com.cn
}

// Name returns a physical name with capital letters: Gen3DExtractLambda-dev.
func (e Environment) Name(part string) string { return "Gen3D" + part + "-" + e.Stack }

// Lower returns a physical name for services that accept lower case only:
// gen3d-sam3d-dev.
func (e Environment) Lower(part string) string { return "gen3d-" + part + "-" + e.Stack }

// Global returns a name that is unique across AWS accounts, such as a bucket's:
// gen3d-dev-data-123456789012.
func (e Environment) Global(part string) string {
	return "gen3d-" + e.Stack + "-" + part + "-" + e.Account
}

// ARN returns the ARN of a resource in this account and region.
func (e Environment) ARN(service, resource string) string {
	return strings.Join([]string{"arn", e.Partition, service, e.Region, e.Account, resource}, ":")
}

// GlobalARN is [Environment.ARN] for services whose ARNs have no region, such
// as IAM and CloudFront.
func (e Environment) GlobalARN(service, resource string) string {
	return strings.Join([]string{"arn", e.Partition, service, "", e.Account, resource}, ":")
}

// EndpointName returns the name of the asynchronous endpoint.
func (e Environment) EndpointName() string { return e.Name("SAMAsyncEndpoint") }

// ImageRepository returns the name of the repository of the model's image.
func (e Environment) ImageRepository() string { return e.Lower("sam3d") }

// ModelBucket returns the name of the bucket with the model's weights.
func (e Environment) ModelBucket() string { return e.Global("model") }

// SignInPrefix returns the prefix of the sign-in page's host name.
func (e Environment) SignInPrefix() string { return e.Global("users") }
