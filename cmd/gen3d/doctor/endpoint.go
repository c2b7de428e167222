package doctor

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/redact"
	"gen3d/internal/endpointstate"
)

// reasonLimit is the maximum length of a reason in a line.
const reasonLimit = 300

// endpoint looks at the endpoint's status, and at its instances.
func endpoint(ctx context.Context, p *patient) []check.Finding {
	state, err := endpointstate.Look(ctx, p.models, p.EndpointName, p.EndpointConfigName)
	if err != nil {
		return unasked("sagemaker:DescribeEndpoint", err)
	}
	again := "pulumi refresh --yes --stack " + p.Stack + " && make up STACK=" + p.Stack
	reason := redact.Line(state.Reason, reasonLimit)
	if reason == "" {
		reason = "no reason is given; the log of the model may have it"
	}
	switch {
	case !state.Exists && p.EndpointConfigName == "":
		return note("pulumi config set gen3d:model.enabled true --stack "+p.Stack+" && make up STACK="+p.Stack, "the model is off, so jobs wait until they fail; once the weights are in the bucket, turn it on")
	case !state.Exists:
		return fix(again, "%s does not exist; create it again", p.EndpointName)
	case state.MustBeDeleted():
		return fix(p.aws("sagemaker delete-endpoint --endpoint-name %s", p.EndpointName)+" && "+again,
			"%s is %s (%s); correct the cause, delete it, and create it again", p.EndpointName, state.Status, reason)
	case state.Status != types.EndpointStatusInService:
		return note(p.aws("sagemaker wait endpoint-in-service --endpoint-name %s", p.EndpointName), "%s is %s; wait until it is InService", p.EndpointName, state.Status)
	case p.EndpointConfigName != "" && state.Config != p.EndpointConfigName:
		return fix(again, "SageMaker rolled the last update of %s back to %s (%s); correct the cause, and update it again", p.EndpointName, state.Config, reason)
	}
	return append(ok("%s is InService with %s", p.EndpointName, state.Config), p.instances(ctx)...)
}

// instances compares the instances that run with those that are wanted.
func (p *patient) instances(ctx context.Context) []check.Finding {
	answer, err := p.models.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: &p.EndpointName})
	if err != nil {
		return unasked("sagemaker:DescribeEndpoint", err)
	}
	var findings []check.Finding
	for _, variant := range answer.ProductionVariants {
		current, desired := aws.ToInt32(variant.CurrentInstanceCount), aws.ToInt32(variant.DesiredInstanceCount)
		f := ok("%s", instancesText(current))
		if current < desired {
			f = note(p.aws("application-autoscaling describe-scaling-activities --service-namespace sagemaker --resource-id endpoint/%s/variant/%s", p.EndpointName, aws.ToString(variant.VariantName)),
				"%s of %d; a start takes minutes, and longer is a lack of quota or capacity", instancesText(current), desired)
		}
		f[0].Check = "instances"
		findings = append(findings, f...)
	}
	return findings
}

func instancesText(n int32) string {
	if n == 1 {
		return "1 instance runs"
	}
	return fmt.Sprintf("%d instances run", n)
}
