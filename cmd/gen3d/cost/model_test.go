package cost

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestTheFormulaAgreesWithTheSimulation compares the hours of a day with the
// table of docs/scaling.md, of which "wake: alarm" without warm hours are the
// assumptions of the formula.
func TestTheFormulaAgreesWithTheSimulation(t *testing.T) {
	document, err := os.ReadFile("../../../docs/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`### (\d+) objects a day`)
	row := regexp.MustCompile(`\| wake: alarm, idleMinutes: (\d+) \| [\d.]+ \| ([\d.]+) \|`)
	sections := section.FindAllSubmatchIndex(document, -1)
	compared := 0
	for i, at := range sections {
		end := len(document)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		objects, _ := strconv.ParseFloat(string(document[at[2]:at[3]]), 64)
		for _, found := range row.FindAllSubmatch(document[at[0]:end], -1) {
			idle, _ := strconv.Atoi(string(found[1]))
			want, _ := strconv.ParseFloat(string(found[2]), 64)
			l := load{objects: objects, window: 10 * time.Hour, days: 30, object: time.Minute, start: 6 * time.Minute, idle: time.Duration(idle)*time.Minute + stopDelay, max: 1}
			got := l.hours().day
			t.Logf("%3.0f objects, %2d idle minutes: %.2f hours, simulated %.2f", objects, idle, got, want)
			if math.Abs(got-want) > 0.12*want {
				t.Errorf("%.0f objects, %d idle minutes: %.2f hours, simulated %.2f", objects, idle, got, want)
			}
			compared++
		}
	}
	if compared != 9 {
		t.Errorf("%d rows were compared", compared)
	}
}

func TestHoursThatAreAlwaysOn(t *testing.T) {
	base := load{objects: 50, window: 10 * time.Hour, days: 30, object: time.Minute, start: 6 * time.Minute, idle: 3 * time.Minute, max: 1}
	demand := base.hours().month
	for name, test := range map[string]struct {
		change   func(*load)
		from, to float64 // hours a month
	}{
		"no objects":       {func(l *load) { l.objects = 0 }, 0, 0},
		"min 1":            {func(l *load) { l.min = 1 }, 730, 731},
		"warm, no objects": {func(l *load) { l.objects, l.warm = 0, 50*time.Hour }, 217, 218},
		"warm":             {func(l *load) { l.warm = 50 * time.Hour }, 217, 217 + demand},
		"more than it can": {func(l *load) { l.objects = 700 }, 350, 360},
		"very many":        {func(l *load) { l.objects, l.object = 1e6, time.Millisecond }, 300, 305},
		"three can":        {func(l *load) { l.objects, l.max = 1500, 3 }, 750, 765},
	} {
		l := base
		test.change(&l)
		if got := l.hours().month; !(got >= test.from && got <= test.to) {
			t.Errorf("%s: %.1f hours a month, want %.0f to %.0f", name, got, test.from, test.to)
		}
	}
}
