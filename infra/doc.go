// Package infra is the Pulumi program that builds Gen3D in an AWS account: one
// component resource a layer, one file (or a few) a component.
//
// A stack is described by its [Config], which [LoadConfig] reads from the
// stack's settings and refuses as a whole before anything is registered.
// [Deploy] wires the layers in this order:
//
//	encryption, network        where data lies and who may reach it (optional)
//	storage                    data bucket, model bucket
//	identity                   user pool and its sign-in page
//	alerts, email              the admin's topic; mail identity and its events
//	registry, inference        image, role and topics of the model's endpoint
//	endpoint, scaling          the model on its GPU (off until weights are there)
//	api, firewall, website     gateway, CloudFront, and the address of the page
//	client, functions, routes  sign-in client, the four functions, who calls them
//	access, events, page       bucket policy, S3 events, the page's files
//	alarms, dashboard, budget  what tells the admin
//	notebook                   where weights are prepared (optional)
//
// Every policy is made of [Statement]s, so that a resource "*" cannot be
// written without an [AnyResource] that says why.
package infra
