package main

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/scaling.md")

func TestTheDocumentIsTheOutput(t *testing.T) {
	const path = "../../docs/scaling.md"
	want := defaults().document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/scaling.md is out of date; run go test ./tests/simulation -update")
	}
}

// Cases computed by hand, with a start of 360 s and 60 s an object. Times are
// in seconds after noon of the first day.
func TestOneInstance(t *testing.T) {
	const noon = 12 * 3600.0
	m := model{startup: 360, object: 60}
	for name, c := range map[string]struct {
		policy      policy
		requests    []float64
		gpu         float64
		waits       []float64
		interrupted int
	}{
		// Ready at 360, ends at 420; minutes without a request end at 480 and
		// 540; stopped at 600.
		"wake at submit": {policy{wake: wakeSubmit, idleMinutes: 2}, []float64{0}, 600, []float64{420}, 0},
		// The datapoints of 0 and 60 breach; started at 180, ends at 600,
		// stopped at 780.
		"wake by alarm": {policy{wake: wakeAlarm, idleMinutes: 2}, []float64{0}, 600, []float64{600}, 0},
		// A request in the middle of a minute: the datapoint of its minute
		// counts; started at 180, so that it waits 570.
		"wake by alarm within a minute": {policy{wake: wakeAlarm, idleMinutes: 2}, []float64{30}, 600, []float64{570}, 0},
		// Started at -45, ready at 315, ends at 375; minutes end at 480 and
		// 540 (from 420), stopped at 600.
		"wake at photo": {policy{wake: wakePhoto, idleMinutes: 2}, []float64{0}, 645, []float64{375}, 0},
		// The second waits for the first; ends at 480, stopped at 660.
		"two requests": {policy{wake: wakeSubmit, idleMinutes: 2}, []float64{0, 10}, 660, []float64{420, 470}, 0},
		// Idle since 420, seen until 540: a request at 530 is processed.
		"a request before the last minute ends": {policy{wake: wakeSubmit, idleMinutes: 2}, []float64{0, 530}, 530 + 60 + 10 + 120 + 60, []float64{420, 60}, 0},
		// A request at 550 is not seen and would end at 610; stopped at 600,
		// started again by the alarm at 600+180, ends at 780+420 = 1200, and
		// stops at 1380: 600 + 600 s of GPU.
		"a request after the last minute": {policy{wake: wakeSubmit, idleMinutes: 2}, []float64{0, 550}, 1200, []float64{420, 650}, 1},
		// Before: idle since 600, 15 minutes end at 1500, stopped at 1560,
		// started at 180.
		"target tracking": {policy{wake: wakeAlarm, idleMinutes: 15}, []float64{0}, 1380, []float64{600}, 0},
		// 8 to 18 o'clock, and a minute.
		"warm hours":                     {policy{wake: wakeSubmit, idleMinutes: 2, warm: true}, []float64{0}, 36060, []float64{60}, 0},
		"warm hours, without a request":  {policy{wake: wakeSubmit, idleMinutes: 2, warm: true}, nil, 36060, nil, 0},
		"without a request and not warm": {policy{wake: wakeSubmit, idleMinutes: 2}, nil, 0, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var requests []float64
			for _, at := range c.requests {
				requests = append(requests, noon+at)
			}
			got := run(m, c.policy, requests, 1)
			if got.gpu != c.gpu || !slices.Equal(got.waits, c.waits) || got.interrupted != c.interrupted {
				t.Errorf("got %+v, want %v s of GPU, waits %v, %d interrupted", got, c.gpu, c.waits, c.interrupted)
			}
		})
	}
}

func TestWarmHoursEndEachDay(t *testing.T) {
	got := run(model{startup: 360, object: 60}, policy{wake: wakeSubmit, idleMinutes: 5, warm: true}, nil, 3)
	if got.gpu != 3*36060 {
		t.Errorf("three days are %v s", got.gpu)
	}
}

func TestArrivalsAreInTheWorkingHours(t *testing.T) {
	times := arrivals(rand.New(rand.NewPCG(1, 1)), 1000, 50)
	if n := float64(len(times)) / 1000; n < 49 || n > 51 {
		t.Errorf("%v arrivals a day, want about 50", n)
	}
	for _, at := range times {
		if hour := at - float64(int(at/day))*day; hour < workStart || hour >= workEnd {
			t.Fatalf("an arrival at %v s of the day", hour)
		}
	}
	if !slices.IsSorted(times) {
		t.Error("the arrivals are not in order")
	}
}

func TestPercentiles(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	for part, want := range map[float64]float64{0.5: 2, 0.95: 4, 0.25: 1} {
		if got := percentile(values, part); got != want {
			t.Errorf("the percentile %v of %v is %v, want %v", part, values, got, want)
		}
	}
	if got := percentile(nil, 0.5); got != 0 {
		t.Errorf("of nothing it is %v", got)
	}
}
