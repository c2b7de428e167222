package engine

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
)

// SageMaker refuses another instance type of a scaled endpoint. The program says
// so before it changes anything; the commands of its message change the type,
// and the endpoint is scaled again.
func TestInstanceTypeOfAScaledEndpointIsChangedInSteps(t *testing.T) {
	t.Parallel()
	s := newStack(t, "dev", withModel)
	s.up()
	s.set(map[string]string{"gen3d:model.instanceType": "ml.g6e.2xlarge"})
	s.refuses("deregister-scalable-target")
	scaling := applicationautoscaling.NewFromConfig(s.access())
	variant := "endpoint/" + s.output("endpointName") + "/variant/sam3d"
	if _, err := scaling.DeregisterScalableTarget(s.Context(), &applicationautoscaling.DeregisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceSagemaker, ScalableDimension: types.ScalableDimensionSageMakerVariantDesiredInstanceCount, ResourceId: &variant,
	}); err != nil {
		t.Fatal(err)
	}
	s.refresh()
	s.up()
	s.nothingToDo("after another instance type")
	config, err := sagemaker.NewFromConfig(s.access()).DescribeEndpointConfig(s.Context(), &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: aws.String(s.output("endpointConfigName"))})
	if err != nil || config.ProductionVariants[0].InstanceType != "ml.g6e.2xlarge" {
		t.Errorf("the endpoint has %v, %v", config, err)
	}
	policies, err := scaling.DescribeScalingPolicies(s.Context(), &applicationautoscaling.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceSagemaker, ResourceId: &variant})
	if err != nil || len(policies.ScalingPolicies) != 3 {
		t.Errorf("the endpoint has %v, %v", policies, err)
	}
}
