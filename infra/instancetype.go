package infra

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"gen3d/internal/endpointstate"
)

// scaledVariant returns the id by which Application Auto Scaling knows the
// endpoint's variant.
func scaledVariant(endpoint string) string { return "endpoint/" + endpoint + "/variant/" + variantName }

// checkInstanceType returns an error that says what to do where SageMaker would
// refuse another instance type: the variant is a scalable target. The engine
// updates the endpoint before its target, which depends on it.
// https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
func checkInstanceType(ctx context.Context, account Account, endpoint endpointstate.State, want string) error {
	if !endpoint.Exists {
		return nil
	}
	live, err := account.ScaledInstanceType(ctx, endpoint.Name, endpoint.Config)
	if err != nil || live == "" || live == want {
		return err
	}
	return fmt.Errorf("gen3d:model.instanceType is %s, and endpoint %s has %s: SageMaker refuses another type while the endpoint is scaled. "+
		"Deregister it; make up registers it again. Until then its instances keep running, and a stopped endpoint does not start:\n"+
		"  aws application-autoscaling deregister-scalable-target --service-namespace sagemaker "+
		"--scalable-dimension sagemaker:variant:DesiredInstanceCount --resource-id %s\n  pulumi refresh --yes\n  make up",
		want, endpoint.Name, live, scaledVariant(endpoint.Name))
}

func (a account) ScaledInstanceType(ctx context.Context, endpoint, config string) (string, error) {
	targets, err := a.scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{
		ServiceNamespace:  scalingtypes.ServiceNamespaceSagemaker,
		ScalableDimension: scalingtypes.ScalableDimensionSageMakerVariantDesiredInstanceCount,
		ResourceIds:       []string{scaledVariant(endpoint)},
	})
	if err != nil {
		return "", fmt.Errorf("describing the scaling of endpoint %s: %w", endpoint, err)
	}
	if len(targets.ScalableTargets) == 0 {
		return "", nil
	}
	live, err := a.models.DescribeEndpointConfig(ctx, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: aws.String(config)})
	if err != nil {
		return "", fmt.Errorf("describing configuration %s of endpoint %s: %w", config, endpoint, err)
	}
	for _, variant := range live.ProductionVariants {
		if aws.ToString(variant.VariantName) == variantName {
			return string(variant.InstanceType), nil
		}
	}
	return "", nil
}
