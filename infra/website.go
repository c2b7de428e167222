package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// WebsiteToken is the type of [Site].
const WebsiteToken = "gen3d:infra:Website"

// SiteArgs are the inputs of [NewSite].
type SiteArgs struct {
	Env      Environment
	Website  Website
	Data     *s3.BucketV2
	API      *apigatewayv2.Api
	Identity *Identity
	Firewall *Firewall // nil: none
}

// Site is the CloudFront distribution, the one origin of page and API.
type Site struct {
	pulumi.ResourceState

	Distribution *cloudfront.Distribution // the bucket policy
	URL          pulumi.StringOutput      // https://…, without a trailing slash: mails, sign-in, CORS; stack output
}

// Managed policies have the same ids in every account.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
const (
	cachingOptimized          = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	cachingDisabled           = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	allViewerExceptHostHeader = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
)

// pageRoutes serves index.html for every path that names no file; the page
// reads the route itself. Custom error pages would do the same, but would hide
// the API's own 403 and 404 responses.
const pageRoutes = `function handler(event) {
  var request = event.request;
  var last = request.uri.substring(request.uri.lastIndexOf('/') + 1);
  if (last.indexOf('.') === -1) {
    request.uri = '/index.html';
  }
  return request;
}
`

// NewSite creates the distribution, its origin access control for the bucket,
// and the response headers policy.
func NewSite(ctx *pulumi.Context, name string, args *SiteArgs, opts ...pulumi.ResourceOption) (*Site, error) {
	c := &Site{}
	if err := ctx.RegisterComponentResource(WebsiteToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D website %s: %w", name, err)
	}
	of, env := pulumi.Parent(c), args.Env
	control, err := cloudfront.NewOriginAccessControl(ctx, name+"-reader", &cloudfront.OriginAccessControlArgs{
		Name:                          pulumi.String(env.Name("Page")),
		Description:                   pulumi.String("Gen3D " + env.Stack + ": CloudFront reads the page"),
		OriginAccessControlOriginType: pulumi.String("s3"),
		SigningBehavior:               pulumi.String("always"),
		SigningProtocol:               pulumi.String("sigv4"),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D origin access control: %w", err)
	}
	routes, err := cloudfront.NewFunction(ctx, name+"-routes", &cloudfront.FunctionArgs{
		Name:    pulumi.String(env.Name("PageRoutes")),
		Comment: pulumi.String("Answers the page's routes with the page"),
		Runtime: pulumi.String("cloudfront-js-2.0"),
		Code:    pulumi.String(pageRoutes),
		Publish: pulumi.Bool(true),
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D page routes: %w", err)
	}
	headers, err := newHeaders(ctx, name, args, of)
	if err != nil {
		return nil, err
	}
	settings := args.distribution(control, routes, headers)
	if c.Distribution, err = cloudfront.NewDistribution(ctx, name+"-distribution", settings, of); err != nil {
		return nil, fmt.Errorf("creating Gen3D distribution: %w", err)
	}
	c.URL = join("https://", c.Distribution.DomainName).ToStringOutput()
	if args.Website.Domain != "" {
		c.URL = pulumi.String("https://" + args.Website.Domain).ToStringOutput()
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"url": c.URL, "domainName": c.Distribution.DomainName}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D website %s: %w", name, err)
	}
	return c, nil
}

// Ids of the origins within the distribution.
const (
	pageOrigin = "page"
	apiOrigin  = "api"
)

// uncachedErrors keeps CloudFront from caching errors, which it does for 10
// seconds even where caching is disabled, and sends to every user: neither the
// header Authorization nor the query is in the key. Without response pages the
// responses themselves stay as they are.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
func uncachedErrors() (responses cloudfront.DistributionCustomErrorResponseArray) {
	for _, code := range []int{403, 404, 500, 502, 503, 504} {
		responses = append(responses, cloudfront.DistributionCustomErrorResponseArgs{
			ErrorCode: pulumi.Int(code), ErrorCachingMinTtl: pulumi.Int(0),
		})
	}
	return responses
}

func (args *SiteArgs) distribution(control *cloudfront.OriginAccessControl, routes *cloudfront.Function, headers *cloudfront.ResponseHeadersPolicy) *cloudfront.DistributionArgs {
	settings := &cloudfront.DistributionArgs{
		Enabled:           pulumi.Bool(true),
		Comment:           pulumi.String(args.Env.Name("Page")),
		DefaultRootObject: pulumi.String("index.html"),
		HttpVersion:       pulumi.String("http2and3"),
		IsIpv6Enabled:     pulumi.Bool(true),
		PriceClass:        pulumi.String("PriceClass_100"),
		Origins: cloudfront.DistributionOriginArray{
			cloudfront.DistributionOriginArgs{
				OriginId:              pulumi.String(pageOrigin),
				DomainName:            args.Data.BucketRegionalDomainName,
				OriginPath:            pulumi.String("/public"),
				OriginAccessControlId: control.ID(),
			},
			cloudfront.DistributionOriginArgs{
				OriginId:   pulumi.String(apiOrigin),
				DomainName: host(args.API.ApiEndpoint),
				CustomOriginConfig: cloudfront.DistributionOriginCustomOriginConfigArgs{
					HttpPort: pulumi.Int(80), HttpsPort: pulumi.Int(443),
					OriginProtocolPolicy: pulumi.String("https-only"),
					OriginSslProtocols:   pulumi.ToStringArray([]string{"TLSv1.2"}),
				},
			},
		},
		DefaultCacheBehavior: cloudfront.DistributionDefaultCacheBehaviorArgs{
			TargetOriginId:          pulumi.String(pageOrigin),
			ViewerProtocolPolicy:    pulumi.String("redirect-to-https"),
			AllowedMethods:          pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachedMethods:           pulumi.ToStringArray([]string{"GET", "HEAD"}),
			Compress:                pulumi.Bool(true),
			CachePolicyId:           pulumi.String(cachingOptimized),
			ResponseHeadersPolicyId: headers.ID(),
			FunctionAssociations: cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArray{
				cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgs{
					EventType: pulumi.String("viewer-request"), FunctionArn: routes.Arn,
				},
			},
		},
		OrderedCacheBehaviors: cloudfront.DistributionOrderedCacheBehaviorArray{
			cloudfront.DistributionOrderedCacheBehaviorArgs{
				PathPattern:          pulumi.String("/api/*"),
				TargetOriginId:       pulumi.String(apiOrigin),
				ViewerProtocolPolicy: pulumi.String("https-only"),
				AllowedMethods:       pulumi.ToStringArray([]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}),
				CachedMethods:        pulumi.ToStringArray([]string{"GET", "HEAD"}),
				Compress:             pulumi.Bool(true),
				// CloudFront forwards the header Authorization only with these
				// two policies.
				CachePolicyId:           pulumi.String(cachingDisabled),
				OriginRequestPolicyId:   pulumi.String(allViewerExceptHostHeader),
				ResponseHeadersPolicyId: headers.ID(),
			},
		},
		CustomErrorResponses: uncachedErrors(),
		Restrictions: cloudfront.DistributionRestrictionsArgs{
			GeoRestriction: cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")},
		},
		ViewerCertificate: cloudfront.DistributionViewerCertificateArgs{CloudfrontDefaultCertificate: pulumi.Bool(true)},
	}
	if args.Website.Domain != "" {
		settings.Aliases = pulumi.ToStringArray([]string{args.Website.Domain})
		settings.ViewerCertificate = cloudfront.DistributionViewerCertificateArgs{
			AcmCertificateArn:      pulumi.String(args.Website.CertificateARN),
			MinimumProtocolVersion: pulumi.String("TLSv1.2_2021"),
			SslSupportMethod:       pulumi.String("sni-only"),
		}
	}
	if args.Firewall != nil {
		settings.WebAclId = args.Firewall.ACL.Arn
	}
	return settings
}

func host(url pulumi.StringOutput) pulumi.StringOutput {
	return url.ApplyT(func(url string) string { return strings.TrimPrefix(url, "https://") }).(pulumi.StringOutput)
}
