package infra

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const runbookDocument = "runbook.md"

// An alarm that mails the admin has an entry in the runbook, and an entry
// belongs to such an alarm.
func TestDocsListEveryAlarm(t *testing.T) {
	documentIs(t, runbookDocument, runbookText(t))
}

// condition is an alarm of the stack as the runbook describes it.
type condition struct {
	description, trigger string
	model                bool // exists only with the model
	mails                bool // otherwise it only starts or stops instances
}

// conditions returns the alarms of the stack dev with the model, by their names
// without stack.
func conditions(t *testing.T) map[string]condition {
	t.Helper()
	without := map[string]bool{}
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "false"}) {
		without[r.Name] = true
	}
	found := map[string]condition{}
	for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true"}) {
		if r.TypeToken != "aws:cloudwatch/metricAlarm:MetricAlarm" {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(physicalName(r), "Gen3D"), "-dev")
		description, _, _ := strings.Cut(r.Inputs["alarmDescription"].StringValue(), stepsIn)
		found[name] = condition{
			description: description, trigger: trigger(r.Inputs),
			model: !without[r.Name], mails: layerOf(r) == "Alarms",
		}
	}
	return found
}

// trigger describes when an alarm with these inputs starts.
func trigger(inputs resource.PropertyMap) string {
	compared := map[string]string{
		"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<",
	}[inputs["comparisonOperator"].StringValue()]
	var what string
	var period float64
	if value, ok := inputs["metricName"]; ok {
		statistic := inputs["extendedStatistic"]
		if !statistic.IsString() {
			statistic = inputs["statistic"]
		}
		what = fmt.Sprintf("%s of %s %s", statistic.StringValue(), inputs["namespace"].StringValue(), value.StringValue())
		period = inputs["period"].NumberValue()
	} else {
		what, period = computed(inputs["metricQueries"].ArrayValue())
	}
	datapoints := inputs["evaluationPeriods"].NumberValue()
	if value, ok := inputs["datapointsToAlarm"]; ok {
		datapoints = value.NumberValue()
	}
	unit := "minutes"
	if period == 60 {
		unit = "minute"
	}
	return fmt.Sprintf("%s %s %v, in %.0f of %.0f periods of %.0f %s", what, compared,
		amount(inputs["threshold"].NumberValue()), datapoints, inputs["evaluationPeriods"].NumberValue(), period/60, unit)
}

// computed describes the expression of an alarm on several metrics, and returns
// their period.
func computed(queries []resource.PropertyValue) (what string, period float64) {
	var names []string
	expression := ""
	for _, query := range queries {
		q := query.ObjectValue()
		if metric, ok := q["metric"]; ok {
			name := metric.ObjectValue()["metricName"].StringValue()
			names = append(names, name)
			expression = strings.ReplaceAll(expression, q["id"].StringValue(), metric.ObjectValue()["stat"].StringValue()+"("+name+")")
			what, period = metric.ObjectValue()["namespace"].StringValue(), metric.ObjectValue()["period"].NumberValue()
		} else {
			expression = q["expression"].StringValue()
		}
	}
	if strings.HasPrefix(expression, "100 * ") {
		return fmt.Sprintf("%s in percent of %s of %s", names[0], names[1], what), period
	}
	return "`" + expression + "`", period
}

// amount formats a threshold without an exponent.
func amount(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
}

func runbookText(t *testing.T) string {
	t.Helper()
	found := conditions(t)
	var mailed []string
	var b strings.Builder
	b.WriteString(runbookHead)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !found[name].mails {
			continue
		}
		mailed = append(mailed, name)
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", name, strings.ToLower(name), severity(t, name))
	}
	for _, name := range mailed {
		c, step := found[name], runbook[name]
		starts := "Starts at: " + c.trigger + "."
		if c.model {
			starts += " Exists with the model only."
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n\n%s\n\n**Look.**\n\n```sh\n# needs AWS\n%s\n```\n\n**Do.**\n\n", name,
			wrapped("> ", c.description), wrapped("", starts), wrapped("", "**Meaning.** "+step.meaning), strings.Join(step.look, "\n"))
		for _, do := range step.act {
			fmt.Fprintf(&b, "- %s\n", strings.TrimPrefix(wrapped("  ", do), "  "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(runbook)) {
		if !slices.Contains(mailed, name) {
			t.Errorf("the runbook has an entry for %s, which is no alarm to the admin", name)
		}
	}
	b.WriteString(runbookNotices)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !found[name].mails {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, found[name].description, found[name].trigger)
		}
	}
	return b.String()
}

// wrapped breaks a paragraph into lines of at most 120 columns that begin with
// prefix.
func wrapped(prefix, text string) string {
	var lines []string
	line := prefix
	for _, word := range unbroken(text) {
		if len([]rune(line))+1+len([]rune(word)) > 120 && line != prefix {
			lines = append(lines, line)
			line = prefix
		}
		if line != prefix {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

// unbroken splits a text into words. Code between backquotes is one word with
// what touches it.
func unbroken(text string) []string {
	const space = "\u00a0"
	parts := strings.Split(text, "`")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], " ", space)
	}
	words := strings.Split(strings.Join(parts, "`"), " ")
	for i, word := range words {
		words[i] = strings.ReplaceAll(word, space, " ")
	}
	return words
}

func severity(t *testing.T, name string) string {
	t.Helper()
	step, ok := runbook[name]
	if !ok {
		t.Errorf("the runbook has no entry for the alarm %s; add it to runbook in documents_runbook_words_test.go", name)
	}
	return step.urgency
}
