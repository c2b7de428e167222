// Package infra is the Pulumi program that builds Gen3D in an AWS account: a
// component resource for each layer, in one or a few files each.
//
// [settings.Load] reads a stack's [Config] from its settings and returns all
// problems before anything is registered. [Deploy] wires the layers in this
// order:
//
//	encryption, network        key and private network (optional)
//	storage                    data bucket, model bucket
//	identity                   user pool and its sign-in page
//	alerts, email              the admin's topic; SES identity and its events
//	registry, inference        image, role and topics of the model's endpoint
//	endpoint, scaling          the model on its GPU (off until weights are pushed)
//	api, firewall, website     gateway, WAF, CloudFront
//	client, functions, routes  sign-in client, the four functions, API routes
//	access, events, page       bucket policy, S3 events, the page's files
//	alarms, dashboard, budget  monitoring
//	notebook                   preparation of weights (optional)
//
// Every policy is made of [Statement]s: a resource "*" needs an [AnyResource]
// that gives the reason.
package infra
