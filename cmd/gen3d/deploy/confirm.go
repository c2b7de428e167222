package deploy

import (
	"context"
	"fmt"
)

// cost names what the GPU costs.
func (d *deployment) cost() string {
	instance, scaling := d.config.Model.Instance(), d.config.Autoscaling
	source := "recorded price"
	if !instance.PriceRecorded {
		source = "unchecked estimate"
	}
	running := fmt.Sprintf("%d to %d run, and at least %[1]d always", scaling.Min, scaling.Max)
	switch {
	case !scaling.Enabled:
		running = "one runs always, as gen3d:autoscaling.enabled is false"
	case scaling.Min == 0 && scaling.Warm != "":
		running = fmt.Sprintf("none to %d run, and one in the hours of gen3d:autoscaling.warm", scaling.Max)
	case scaling.Min == 0:
		running = fmt.Sprintf("none runs while nothing is to do, at most %d otherwise", scaling.Max)
	}
	return fmt.Sprintf("The GPU: %s (%s), about $%.2f an hour (%s for us-east-1) for each instance that runs; %s.",
		instance.Type, instance.GPU, instance.USDPerHour, source, running)
}

// confirm asks before the first change.
func (d *deployment) confirm(ctx context.Context) error {
	d.say("%s", d.cost())
	return d.Confirm(ctx, d.Yes, "Deploy stack %s to %s?", d.Stack, d.account)
}
