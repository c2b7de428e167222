package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// BudgetToken is the type of [Budget].
const BudgetToken = "gen3d:infra:Budget"

// BudgetArgs are the inputs of [NewBudget].
type BudgetArgs struct {
	Env        Environment
	MonthlyUSD int
	Alerts     *Alerts
}

// Budget notifies the admin of the month's cost.
type Budget struct {
	pulumi.ResourceState
}

// NewBudget creates a budget of the whole account. A budget limited to the
// stack's tags would count nothing until the tags are activated as cost
// allocation tags.
func NewBudget(ctx *pulumi.Context, name string, args *BudgetArgs, opts ...pulumi.ResourceOption) (*Budget, error) {
	c := &Budget{}
	if err := ctx.RegisterComponentResource(BudgetToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D budget %s: %w", name, err)
	}
	var notices budgets.BudgetNotificationArray
	for _, at := range []struct {
		percent float64
		kind    string
	}{{50, "ACTUAL"}, {80, "ACTUAL"}, {100, "ACTUAL"}, {100, "FORECASTED"}} {
		notices = append(notices, budgets.BudgetNotificationArgs{
			ComparisonOperator:     pulumi.String("GREATER_THAN"),
			NotificationType:       pulumi.String(at.kind),
			Threshold:              pulumi.Float64(at.percent),
			ThresholdType:          pulumi.String("PERCENTAGE"),
			SubscriberSnsTopicArns: pulumi.StringArray{args.Alerts.Topic.Arn},
		})
	}
	if _, err := budgets.NewBudget(ctx, name+"-month", &budgets.BudgetArgs{
		Name:          pulumi.String(args.Env.Name("Month")),
		BudgetType:    pulumi.String("COST"),
		TimeUnit:      pulumi.String("MONTHLY"),
		LimitAmount:   pulumi.String(fmt.Sprintf("%d.0", args.MonthlyUSD)),
		LimitUnit:     pulumi.String("USD"),
		Notifications: notices,
	}, pulumi.Parent(c), pulumi.DependsOn([]pulumi.Resource{args.Alerts.Ready})); err != nil {
		return nil, fmt.Errorf("creating Gen3D budget: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"monthlyUsd": pulumi.Int(args.MonthlyUSD)}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D budget %s: %w", name, err)
	}
	return c, nil
}
