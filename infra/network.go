package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// NetworkToken is the type of [Network].
const NetworkToken = "gen3d:infra:Network"

// NetworkArgs are the inputs of [NewNetwork].
type NetworkArgs struct{ Env Environment }

// Network is a VPC without internet access. Notify is outside: it needs SES,
// and a user pool with a sign-in domain is not reachable over PrivateLink
// (https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html).
type Network struct {
	pulumi.ResourceState

	Subnets       pulumi.StringArray // the functions and the model
	SecurityGroup pulumi.StringArray // the functions and the model
}

const (
	networkCIDR = "10.3.0.0/16"
	zones       = 2
)

// NewNetwork creates the VPC, a private subnet in each of two zones, the
// gateway endpoint of S3 and the interface endpoints of SageMaker's runtime and
// API.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	c := &Network{}
	if err := ctx.RegisterComponentResource(NetworkToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D network %s: %w", name, err)
	}
	of := pulumi.Parent(c)
	tags := func(part string) pulumi.StringMap {
		return pulumi.StringMap{"Name": pulumi.String(args.Env.Name(part))}
	}
	available, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
		State: pulumi.StringRef("available"),
		// Local Zones have neither Lambda nor SageMaker.
		Filters: []aws.GetAvailabilityZonesFilter{{Name: "opt-in-status", Values: []string{"opt-in-not-required"}}},
	}, of)
	if err != nil {
		return nil, fmt.Errorf("looking up availability zones: %w", err)
	}
	if len(available.Names) < zones {
		return nil, fmt.Errorf("region %s has %d availability zone(s), and a private network needs %d; set gen3d:network.private to false or take another region", args.Env.Region, len(available.Names), zones)
	}

	vpc, err := ec2.NewVpc(ctx, name+"-vpc", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(networkCIDR),
		EnableDnsHostnames: pulumi.Bool(true),
		EnableDnsSupport:   pulumi.Bool(true),
		Tags:               tags("Network"),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D VPC: %w", err)
	}
	routes, err := ec2.NewRouteTable(ctx, name+"-routes", &ec2.RouteTableArgs{VpcId: vpc.ID(), Tags: tags("Network")}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D route table: %w", err)
	}
	for i := range zones {
		subnet, err := ec2.NewSubnet(ctx, fmt.Sprintf("%s-subnet-%d", name, i), &ec2.SubnetArgs{
			VpcId:            vpc.ID(),
			AvailabilityZone: pulumi.String(available.Names[i]),
			CidrBlock:        pulumi.String(fmt.Sprintf("10.3.%d.0/24", i)),
			Tags:             tags(fmt.Sprintf("Network%d", i)),
		}, of)
		if err != nil {
			return nil, fmt.Errorf("creating Gen3D subnet %d: %w", i, err)
		}
		if _, err := ec2.NewRouteTableAssociation(ctx, fmt.Sprintf("%s-routes-%d", name, i), &ec2.RouteTableAssociationArgs{
			SubnetId: subnet.ID(), RouteTableId: routes.ID(),
		}, of); err != nil {
			return nil, fmt.Errorf("routing Gen3D subnet %d: %w", i, err)
		}
		c.Subnets = append(c.Subnets, subnet.ID().ToStringOutput())
	}

	group, err := ec2.NewSecurityGroup(ctx, name+"-group", &ec2.SecurityGroupArgs{
		Name:        pulumi.String(args.Env.Name("Network")),
		Description: pulumi.String("Gen3D " + args.Env.Stack + ": functions, model and the endpoints they call"),
		VpcId:       vpc.ID(),
		Ingress: ec2.SecurityGroupIngressArray{ec2.SecurityGroupIngressArgs{
			Description: pulumi.String("HTTPS to the interface endpoints"),
			Protocol:    pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443), Self: pulumi.Bool(true),
		}},
		// The only routes lead to the endpoints. S3's addresses are public
		// ones, which the gateway endpoint serves.
		Egress: ec2.SecurityGroupEgressArray{ec2.SecurityGroupEgressArgs{
			Description: pulumi.String("HTTPS to S3 and the interface endpoints"),
			Protocol:    pulumi.String("tcp"), FromPort: pulumi.Int(443), ToPort: pulumi.Int(443),
			CidrBlocks: pulumi.ToStringArray([]string{"0.0.0.0/0"}),
		}},
		Tags: tags("Network"),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D security group: %w", err)
	}
	c.SecurityGroup = pulumi.StringArray{group.ID().ToStringOutput()}

	service := func(s string) pulumi.String { return pulumi.String("com.amazonaws." + args.Env.Region + "." + s) }
	if _, err := ec2.NewVpcEndpoint(ctx, name+"-s3", &ec2.VpcEndpointArgs{
		VpcId:           vpc.ID(),
		ServiceName:     service("s3"),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   pulumi.StringArray{routes.ID()},
		Tags:            tags("S3"),
	}, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D endpoint of S3: %w", err)
	}
	for _, part := range []struct{ name, service, tag string }{
		{"sagemaker", "sagemaker.runtime", "SageMaker"},
		{"sagemaker-api", "sagemaker.api", "SageMakerAPI"}, // starts the first instance
	} {
		if _, err := ec2.NewVpcEndpoint(ctx, name+"-"+part.name, &ec2.VpcEndpointArgs{
			VpcId:             vpc.ID(),
			ServiceName:       service(part.service),
			VpcEndpointType:   pulumi.String("Interface"),
			PrivateDnsEnabled: pulumi.Bool(true),
			SubnetIds:         c.Subnets,
			SecurityGroupIds:  c.SecurityGroup,
			Tags:              tags(part.tag),
		}, of); err != nil {
			return nil, fmt.Errorf("creating Gen3D endpoint of %s: %w", part.service, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"vpcId": vpc.ID(), "subnets": c.Subnets}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D network %s: %w", name, err)
	}
	return c, nil
}

// use returns the statements that let a role create the network interfaces of
// its function or model. actions are those of its service.
func (n *Network) use(actions []string) []Statement {
	if n == nil {
		return nil
	}
	return []Statement{{Any: anyNetworkInterface, Actions: actions}}
}
