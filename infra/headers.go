package infra

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/webapp"
)

// securityHeaders are the headers with settings in a response headers policy;
// the page's other headers are custom headers.
var securityHeaders = []string{"Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"}

// newHeaders creates the response headers policy: the headers under which the
// page is tested, and Strict-Transport-Security.
func newHeaders(ctx *pulumi.Context, name string, args *SiteArgs, of pulumi.ResourceOption) (*cloudfront.ResponseHeadersPolicy, error) {
	// Only values depend on outputs of resources; the names of the headers are
	// known now.
	known, err := webapp.Headers("https://bucket", "https://issuer")
	if err != nil {
		return nil, err
	}
	csp := pulumi.All(args.Data.BucketRegionalDomainName, args.Identity.Issuer, args.Identity.LoginHost).
		ApplyT(func(values []any) (string, error) {
			// The page fetches the issuer's configuration, and tokens from the
			// sign-in domain, which is another origin.
			headers, err := webapp.Headers("https://"+values[0].(string), values[1].(string), values[2].(string))
			return headers["Content-Security-Policy"], err
		}).(pulumi.StringOutput)

	var custom cloudfront.ResponseHeadersPolicyCustomHeadersConfigItemArray
	for _, header := range slices.Sorted(maps.Keys(known)) {
		if !slices.Contains(securityHeaders, header) {
			custom = append(custom, cloudfront.ResponseHeadersPolicyCustomHeadersConfigItemArgs{
				Header: pulumi.String(header), Value: pulumi.String(known[header]), Override: pulumi.Bool(true),
			})
		}
	}
	policy, err := cloudfront.NewResponseHeadersPolicy(ctx, name+"-headers", &cloudfront.ResponseHeadersPolicyArgs{
		Name:                pulumi.String(args.Env.Name("Page")),
		Comment:             pulumi.String("Gen3D " + args.Env.Stack + ": security headers of page and API"),
		CustomHeadersConfig: cloudfront.ResponseHeadersPolicyCustomHeadersConfigArgs{Items: custom},
		SecurityHeadersConfig: cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs{
			ContentSecurityPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs{
				ContentSecurityPolicy: csp, Override: pulumi.Bool(true),
			},
			ContentTypeOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs{Override: pulumi.Bool(true)},
			FrameOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs{
				FrameOption: pulumi.String(known["X-Frame-Options"]), Override: pulumi.Bool(true),
			},
			ReferrerPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs{
				ReferrerPolicy: pulumi.String(known["Referrer-Policy"]), Override: pulumi.Bool(true),
			},
			StrictTransportSecurity: cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs{
				AccessControlMaxAgeSec: pulumi.Int(63072000), // two years
				IncludeSubdomains:      pulumi.Bool(true),
				Override:               pulumi.Bool(true),
			},
		},
	}, of)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D security headers: %w", err)
	}
	return policy, nil
}
