package infra

import (
	"strings"

	"gen3d/internal/weights"
)

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

// Names used by several layers.
func (e Environment) endpointName() string            { return e.Name("SAMAsyncEndpoint") }
func (e Environment) imageRepository() string         { return e.Lower("sam3d") }
func (e Environment) functionName(part string) string { return e.Name(capital(part) + "Lambda") }

// capital returns part with an upper-case first letter.
func capital(part string) string { return strings.ToUpper(part[:1]) + part[1:] }

// Prefixes of the model bucket.
const (
	// WeightsPrefix is the prefix of the model's weights, which gen3d weights
	// writes.
	WeightsPrefix = weights.Prefix
	// asyncOutputPrefix and asyncFailurePrefix are the prefixes of the
	// asynchronous endpoint's outputs. They are not in the data bucket, whose
	// events run functions.
	asyncOutputPrefix  = "async/output/"
	asyncFailurePrefix = "async/failure/"
)
