package infra

import (
	"strings"

	"gen3d/internal/weights"
)

// Environment is where a stack is deployed. It is looked up once and passed to
// every layer.
type Environment struct {
	Stack     string // such as dev
	Account   string // twelve digits
	Region    string // such as us-east-1
	Partition string // aws, aws-cn or aws-us-gov
	DNSSuffix string // amazonaws.com, or amazonaws.com.cn
}

// Name is the physical name of a resource whose service takes capital letters:
// Gen3DExtractLambda-dev.
func (e Environment) Name(part string) string { return "Gen3D" + part + "-" + e.Stack }

// Lower is the physical name where the service takes lower case only:
// gen3d-sam3d-dev.
func (e Environment) Lower(part string) string { return "gen3d-" + part + "-" + e.Stack }

// Global is a name that no other AWS account may have, such as a bucket's:
// gen3d-dev-data-123456789012.
func (e Environment) Global(part string) string {
	return "gen3d-" + e.Stack + "-" + part + "-" + e.Account
}

// ARN makes the name of a resource in this account and region.
func (e Environment) ARN(service, resource string) string {
	return strings.Join([]string{"arn", e.Partition, service, e.Region, e.Account, resource}, ":")
}

// GlobalARN is [Environment.ARN] for services whose names carry no region, such
// as IAM and CloudFront.
func (e Environment) GlobalARN(service, resource string) string {
	return strings.Join([]string{"arn", e.Partition, service, "", e.Account, resource}, ":")
}

// Names that other parts of the stack are built round.
func (e Environment) endpointName() string            { return e.Name("SAMAsyncEndpoint") }
func (e Environment) functionName(part string) string { return e.Name(capital(part) + "Lambda") }

// capital writes extract as Extract, and api as Api.
func capital(part string) string { return strings.ToUpper(part[:1]) + part[1:] }

// Prefixes of the model bucket.
const (
	// WeightsPrefix is where gen3d weights lays the model's weights.
	WeightsPrefix = weights.Prefix
	// asyncOutputPrefix and asyncFailurePrefix take the asynchronous endpoint's
	// own answers. They never go to the data bucket, where a photo or a result
	// starts a function.
	asyncOutputPrefix  = "async/output/"
	asyncFailurePrefix = "async/failure/"
)
