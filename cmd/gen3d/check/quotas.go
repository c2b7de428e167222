package check

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"gen3d/infra/settings"
)

// quotaReader has the operations of Service Quotas that read.
type quotaReader interface {
	GetServiceQuota(context.Context, *servicequotas.GetServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error)
	GetAWSDefaultServiceQuota(context.Context, *servicequotas.GetAWSDefaultServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error)
	ListServiceQuotas(context.Context, *servicequotas.ListServiceQuotasInput, ...func(*servicequotas.Options)) (*servicequotas.ListServiceQuotasOutput, error)
	ListAWSDefaultServiceQuotas(context.Context, *servicequotas.ListAWSDefaultServiceQuotasInput, ...func(*servicequotas.Options)) (*servicequotas.ListAWSDefaultServiceQuotasOutput, error)
}

// quota is a quota of the account in the region.
type quota struct {
	service, code string
	value         float64
}

// increase returns the command that requests a higher quota.
// https://docs.aws.amazon.com/cli/latest/reference/service-quotas/request-service-quota-increase.html
func (w *world) increase(q quota, value int) string {
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %d %s",
		q.service, q.code, value, w.region())
}

// readQuotas returns a service's quotas by name: AWS's defaults, and the
// account's own values over them. ListServiceQuotas leaves out quotas for which
// only the default is available.
// https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
func readQuotas(ctx context.Context, client quotaReader, service string) (map[string]quota, error) {
	found := map[string]quota{}
	add := func(page []types.ServiceQuota) {
		for _, q := range page {
			found[aws.ToString(q.QuotaName)] = quota{service, aws.ToString(q.QuotaCode), aws.ToFloat64(q.Value)}
		}
	}
	defaults := servicequotas.NewListAWSDefaultServiceQuotasPaginator(client, &servicequotas.ListAWSDefaultServiceQuotasInput{ServiceCode: &service, MaxResults: aws.Int32(100)})
	for defaults.HasMorePages() {
		page, err := defaults.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the default quotas of %s: %w", service, err)
		}
		add(page.Quotas)
	}
	applied := servicequotas.NewListServiceQuotasPaginator(client, &servicequotas.ListServiceQuotasInput{ServiceCode: &service, MaxResults: aws.Int32(100)})
	for applied.HasMorePages() {
		page, err := applied.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the quotas of %s: %w", service, err)
		}
		add(page.Quotas)
	}
	return found, nil
}

// concurrencyCode is the quota of concurrent executions of Lambda.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const concurrencyCode = "L-B99A9384"

// The executions that a stack needs: those it reserves and the 100 that Lambda
// keeps unreserved, or, without reservations, the 10 of a new account.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
const (
	reservedExecutions   = settings.NotifyConcurrency + settings.SweepConcurrency
	unreservedExecutions = 100
	leastExecutions      = 10
	usualExecutions      = 1000
)

func lambdaConcurrency(ctx context.Context, w *world) Finding {
	q := quota{service: "lambda", code: concurrencyCode}
	code := aws.String(concurrencyCode)
	out, err := w.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &q.service, QuotaCode: code})
	switch {
	case err == nil:
		q.value = aws.ToFloat64(out.Quota.Value)
	case codeOf(err) == "NoSuchResourceException": // only the default is available
		standard, err := w.quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &q.service, QuotaCode: code})
		if err != nil {
			return unasked("servicequotas:GetAWSDefaultServiceQuota", err)
		}
		q.value = aws.ToFloat64(standard.Quota.Value)
	default:
		return unasked("servicequotas:GetServiceQuota", err)
	}
	switch {
	case w.config.ReserveConcurrency && q.value < reservedExecutions+unreservedExecutions:
		return fix(w.increase(q, usualExecutions)+", or "+w.set("gen3d:functions.reserveConcurrency", "false"),
			"the quota is %g, and gen3d:functions.reserveConcurrency needs %d; request more or turn it off", q.value, reservedExecutions+unreservedExecutions)
	case q.value < leastExecutions:
		return fix(w.increase(q, usualExecutions), "the quota is %g, and the functions need %d; request more", q.value, leastExecutions)
	case q.value < reservedExecutions+unreservedExecutions:
		return note(w.increase(q, usualExecutions), "the quota is %g, enough for a few users at once; for more, request more", q.value)
	}
	return ok("the quota is %g", q.value)
}

// endpointQuota is the name of the quota of a type's instances for endpoints.
// https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
func endpointQuota(instanceType string) string { return instanceType + " for endpoint usage" }

func notebookUsage(instanceType string) string { return instanceType + " for notebook instance usage" }

// gpuType reports whether the region has the type, which is so where it has the
// type's quota.
func gpuType(_ context.Context, w *world) Finding {
	all, err := w.sageMaker()
	if err != nil {
		return unasked("servicequotas:ListServiceQuotas", err)
	}
	kind := w.config.Model.InstanceType
	if _, there := all[endpointQuota(kind)]; !there {
		for _, other := range settings.Fitting() {
			if _, there := all[endpointQuota(other.Type)]; there {
				return w.forModel(fix(w.set("gen3d:model.instanceType", other.Type), "%s has no quota for %s, so it does not offer that type; set another", w.env.Region, kind))
			}
		}
		return w.forModel(fix(w.set("aws:region", "us-east-1"), "%s has no quota for %s nor for any other type with enough memory; set another region", w.env.Region, kind))
	}
	return ok("%s has a quota for %s", w.env.Region, kind)
}

func gpuQuota(_ context.Context, w *world) Finding {
	all, err := w.sageMaker()
	if err != nil {
		return unasked("servicequotas:ListServiceQuotas", err)
	}
	kind, most := w.config.Model.InstanceType, 1
	if w.config.Autoscaling.Enabled {
		most = w.config.Autoscaling.Max
	}
	q, there := all[endpointQuota(kind)]
	if !there {
		return skip("%s has no quota %q", w.env.Region, endpointQuota(kind))
	}
	// An update starts the new instance before the old one stops.
	// https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
	if need := most + 1; q.value < float64(need) {
		return w.forModel(fix(w.increase(q, need), "%q is %g, and %d are needed (%d, and one while an update replaces it); request more", endpointQuota(kind), q.value, need, most))
	}
	return ok("%q is %g", endpointQuota(kind), q.value)
}

func notebookQuota(_ context.Context, w *world) Finding {
	if !w.config.Notebook.Enabled {
		return ok("not needed, as gen3d:notebook.enabled is false")
	}
	all, err := w.sageMaker()
	if err != nil {
		return unasked("servicequotas:ListServiceQuotas", err)
	}
	name := notebookUsage(w.config.Notebook.InstanceType)
	off := w.set("gen3d:notebook.enabled", "false")
	switch q, there := all[name]; {
	case !there:
		return fix(off, "%s has no quota %q, so it does not offer that type; set another type or turn the notebook off", w.env.Region, name)
	case q.value < 1:
		return fix(w.increase(q, 1)+", or "+off, "%q is %g; request 1 or turn the notebook off", name, q.value)
	default:
		return ok("%q is %g", name, q.value)
	}
}
