package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"gen3d/internal/endpointstate"
	"gen3d/internal/stackoutput"
)

type endpointCommand struct {
	Check endpointCheckCommand `cmd:"" help:"Fail unless the live endpoint is InService with the configuration that the stack wants; then delete the configurations and models of earlier deployments."`
}

type endpointCheckCommand struct {
	Stack string `required:"" help:"Pulumi stack of the endpoint."`
}

// endpointStack are the outputs of a stack that the check needs.
type endpointStack struct {
	Region string `json:"region"`
	Name   string `json:"endpointName"`
	Config string `json:"endpointConfigName"`
}

// Run is the last step of make up.
func (c *endpointCheckCommand) Run(ctx context.Context, stdout io.Writer) error {
	var stack endpointStack
	if err := stackoutput.Read(ctx, "", c.Stack, &stack); err != nil {
		return err
	}
	if stack.Config == "" {
		_, err := fmt.Fprintf(stdout, "Stack %s has no endpoint.\n", c.Stack)
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(stack.Region))
	if err != nil {
		return fmt.Errorf("reading the AWS configuration: %w", err)
	}
	return checkEndpoint(ctx, sagemaker.NewFromConfig(cfg), stack, stdout)
}

func checkEndpoint(ctx context.Context, client *sagemaker.Client, stack endpointStack, stdout io.Writer) error {
	state, err := endpointstate.Look(ctx, client, stack.Name, stack.Config)
	if err != nil {
		return err
	}
	if err := state.Deployed(); err != nil {
		return err
	}
	removed, err := removeEarlier(ctx, client, stack.Config)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "Endpoint %s is %s with configuration %s; %d earlier ones are deleted.\n", stack.Name, state.Status, state.Config, removed)
	return err
}

// removeEarlier deletes the configurations that share the live one's name
// before its random suffix, with their models, and returns their number. The
// engine retains them; see infra.NewEndpoint.
func removeEarlier(ctx context.Context, client *sagemaker.Client, live string) (int, error) {
	prefix := live[:strings.LastIndex(live, "-")+1]
	if prefix == "" {
		return 0, nil
	}
	current, err := client.DescribeEndpointConfig(ctx, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: aws.String(live)})
	if err != nil {
		return 0, fmt.Errorf("describing endpoint configuration %s: %w", live, err)
	}
	removed := 0
	pages := sagemaker.NewListEndpointConfigsPaginator(client, &sagemaker.ListEndpointConfigsInput{NameContains: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return removed, fmt.Errorf("listing endpoint configurations: %w", err)
		}
		for _, found := range page.EndpointConfigs {
			name := aws.ToString(found.EndpointConfigName)
			if suffix, ours := strings.CutPrefix(name, prefix); !ours || strings.Contains(suffix, "-") || name == live {
				continue
			}
			if err := removeConfiguration(ctx, client, name, models(current)); err != nil {
				return removed, err
			}
			removed++
		}
	}
	return removed, nil
}

// removeConfiguration deletes a configuration and those of its models that are
// not in keep: configurations with the same model share it.
func removeConfiguration(ctx context.Context, client *sagemaker.Client, name string, keep []string) error {
	described, err := client.DescribeEndpointConfig(ctx, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: aws.String(name)})
	if err != nil {
		return fmt.Errorf("describing endpoint configuration %s: %w", name, err)
	}
	if _, err := client.DeleteEndpointConfig(ctx, &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: aws.String(name)}); err != nil {
		return fmt.Errorf("deleting endpoint configuration %s: %w", name, err)
	}
	for _, model := range models(described) {
		if slices.Contains(keep, model) {
			continue
		}
		if _, err := client.DeleteModel(ctx, &sagemaker.DeleteModelInput{ModelName: aws.String(model)}); err != nil && !endpointstate.Missing(err) {
			return fmt.Errorf("deleting model %s: %w", model, err)
		}
	}
	return nil
}

func models(described *sagemaker.DescribeEndpointConfigOutput) []string {
	var names []string
	for _, variant := range described.ProductionVariants {
		names = append(names, aws.ToString(variant.ModelName))
	}
	return names
}
