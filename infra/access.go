package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AccessToken is the type of [Access].
const AccessToken = "gen3d:infra:Access"

// AccessArgs are the inputs of [NewAccess].
type AccessArgs struct {
	Env             Environment
	Data            *s3.BucketV2
	DistributionARN pulumi.StringInput // the only distribution that may read public/
	Origin          pulumi.StringInput // the page's origin, https://…
}

// Access grants access to the data bucket from outside the account's roles:
// CloudFront reads public/, and browsers on the page's origin upload photos and
// download files with presigned requests.
type Access struct {
	pulumi.ResourceState
}

// NewAccess creates the bucket policy and the CORS rules.
func NewAccess(ctx *pulumi.Context, name string, args *AccessArgs, opts ...pulumi.ResourceOption) (*Access, error) {
	c := &Access{}
	if err := ctx.RegisterComponentResource(AccessToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D access %s: %w", name, err)
	}
	if _, err := s3.NewBucketPolicy(ctx, name+"-policy", &s3.BucketPolicyArgs{
		Bucket: args.Data.ID(),
		Policy: policy(
			denyPlainHTTP("s3:*", args.Data.Arn, join(args.Data.Arn, "/*")),
			Statement{
				Sid:       "CloudFrontReadsThePage",
				Actions:   []string{"s3:GetObject"},
				Resources: []pulumi.StringInput{join(args.Data.Arn, "/public/*")},
				Services:  []string{"cloudfront.amazonaws.com"},
				Conditions: map[string]map[string]pulumi.Input{"StringEquals": {
					"aws:SourceArn":     args.DistributionARN,
					"aws:SourceAccount": pulumi.String(args.Env.Account),
				}},
			},
		),
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D data bucket policy: %w", err)
	}
	if _, err := s3.NewBucketCorsConfigurationV2(ctx, name+"-cors", &s3.BucketCorsConfigurationV2Args{
		Bucket: args.Data.ID(),
		CorsRules: s3.BucketCorsConfigurationV2CorsRuleArray{
			s3.BucketCorsConfigurationV2CorsRuleArgs{
				Id:             pulumi.String("page"),
				AllowedOrigins: pulumi.StringArray{args.Origin},
				AllowedMethods: pulumi.ToStringArray([]string{"GET", "HEAD", "POST"}),
				AllowedHeaders: pulumi.ToStringArray([]string{"content-type", "range"}),
				ExposeHeaders:  pulumi.ToStringArray([]string{"Content-Length", "Content-Range", "ETag"}),
				MaxAgeSeconds:  pulumi.Int(3600),
			},
		},
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D data bucket CORS rules: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"origin": args.Origin}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D access %s: %w", name, err)
	}
	return c, nil
}
