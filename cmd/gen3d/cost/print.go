package cost

import (
	"fmt"

	"gen3d/cmd/gen3d/console"
)

func (e *estimate) print(s console.Streams) error {
	h := e.hours
	price := "an estimate"
	if e.recorded {
		price = "recorded"
	}
	lines := [][2]string{
		{"instance", fmt.Sprintf("%s, $%.4f an hour (%s; infra/settings/instances.go)", e.Instance, e.USDPerHour, price)},
		{"objects", fmt.Sprintf("%.4g a day (%s), within %.3g hours, on %.3g days of a month", e.objects, e.sources[0], e.window.Hours(), e.days)},
		{"one object", fmt.Sprintf("s = %s of the GPU (%s)", e.object, e.sources[1])},
		{"instances", fmt.Sprintf("%d to %d; start S = %s (an estimate), removed T = %s after the last object (%d idle minutes, and one until the stop)", e.min, e.max, e.start, e.idle, e.minutes)},
	}
	if h.rate > 0 {
		lines = append(lines, [2]string{"rate", fmt.Sprintf("λ = %.4g / %.3g h = %.3f an hour; busy ρ = λs = %.3f", e.objects, e.window.Hours(), h.rate, h.busy)})
	}
	switch {
	case h.full:
		lines = append(lines, [2]string{"hours a day", fmt.Sprintf("%.4g · s + instances · (S + T) = %.2f; one instance is not enough within %.3g hours, so objects wait", e.objects, h.day, e.window.Hours())})
	case h.rate > 0:
		lines = append(lines,
			[2]string{"a cycle", fmt.Sprintf("on = S + (λS + e^λT)·s/(1−ρ) + (e^λT − 1)/λ = %.3f h; with the time off, 1/λ, %.3f h", h.on, h.cycle)},
			[2]string{"hours a day", fmt.Sprintf("%.3g h · on/cycle, and T after the last = %.2f", e.window.Hours(), h.day)})
	}
	if h.always > 0 {
		lines = append(lines, [2]string{"always on", fmt.Sprintf("%.1f hours a month, by autoscaling.min or autoscaling.warm", h.always)})
	}
	lines = append(lines,
		[2]string{"a month", fmt.Sprintf("%.1f hours · $%.4f = $%.2f", h.month, e.USDPerHour, e.MonthUSD)})
	if e.MeshUSD > 0 {
		lines = append(lines, [2]string{"a mesh", fmt.Sprintf("$%.2f / %.0f = $%.4f, of which work s · $%.4f = $%.4f", e.MonthUSD, e.objects*e.days, e.MeshUSD, e.USDPerHour, e.WorkUSD)})
	}
	if err := s.Facts(lines); err != nil {
		return err
	}
	fmt.Fprint(s.Out, "\nOther instance types, if each were as fast (not measured):\n\n")
	var rows [][]string
	for _, t := range e.Types {
		price := "recorded"
		if !t.Recorded {
			price = "an estimate"
		}
		rows = append(rows, []string{t.Type, t.GPU, fmt.Sprintf("%.4f", t.USDPerHour), price, fmt.Sprintf("%.4f", t.MeshUSD), fmt.Sprintf("%.2f", t.MonthUSD)})
	}
	if err := s.Table([]string{"TYPE", "GPU", "$ AN HOUR", "PRICE", "$ A MESH", "$ A MONTH"}, rows); err != nil {
		return err
	}
	fmt.Fprint(s.Out, "\nHosted services, for the same number of objects (the photos leave the AWS account):\n\n")
	rows = nil
	for _, o := range e.Hosted {
		rows = append(rows, []string{o.Service, o.Model, fmt.Sprintf("%.4f", o.USD), fmt.Sprintf("%.2f", o.Month), o.Read, o.Source})
	}
	if err := s.Table([]string{"SERVICE", "MODEL", "$ A MESH", "$ A MONTH", "PRICE", "SOURCE"}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprint(s.Out, "\nOnly the GPU is counted. S3, Lambda, CloudFront, logs, alarms and the switches network.private, encryption.kms and waf cost extra;\n"+
		"docs/Gen3D - AWS Resources - 1.0.md names the cost driver of each resource. Prices: https://aws.amazon.com/sagemaker/ai/pricing/\n")
	return err
}
