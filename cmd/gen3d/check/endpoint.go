package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
)

// endpointReader has the operation of SageMaker that reads an endpoint.
type endpointReader interface {
	DescribeEndpoint(context.Context, *sagemaker.DescribeEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointOutput, error)
}

// endpointState looks whether the endpoint can be updated. A failed one can only
// be deleted.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
func endpointState(ctx context.Context, w *world) Finding {
	name := w.env.EndpointName()
	out, err := w.endpoints.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: &name})
	if codeOf(err) == "ValidationException" { // "Could not find endpoint"
		return ok("there is no %s yet", name)
	}
	if err != nil {
		return unasked("sagemaker:DescribeEndpoint", err)
	}
	wait := fmt.Sprintf("aws sagemaker wait endpoint-in-service --endpoint-name %s %s", name, w.region())
	remove := fmt.Sprintf("aws sagemaker delete-endpoint --endpoint-name %s %s && pulumi refresh --stack %s", name, w.region(), w.stack)
	switch out.EndpointStatus {
	case types.EndpointStatusInService:
		return ok("%s is InService", name)
	case types.EndpointStatusFailed, types.EndpointStatusUpdateRollbackFailed, types.EndpointStatusOutOfService:
		return fix(remove, "%s is %s (%s) and cannot be updated; delete it, and make up creates it again", name, out.EndpointStatus, aws.ToString(out.FailureReason))
	}
	return fix(wait, "%s is %s and cannot be updated meanwhile; wait", name, out.EndpointStatus)
}
