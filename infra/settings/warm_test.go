package settings

import (
	"strings"
	"testing"
)

func TestWarmHoursBecomeCronExpressions(t *testing.T) {
	for text, want := range map[string][3]string{
		"weekdays 8-18 Europe/Berlin":   {"cron(0 8-17 ? * MON-FRI *)", "cron(0 18 ? * MON-FRI *)", "Europe/Berlin"},
		"daily 9-10 UTC":                {"cron(0 9 ? * * *)", "cron(0 10 ? * * *)", "UTC"},
		"mon,wed 20-24 Pacific/Tahiti":  {"cron(0 20-23 ? * MON,WED *)", "cron(59 23 ? * MON,WED *)", "Pacific/Tahiti"},
		"weekends 0-12 America/Chicago": {"cron(0 0-11 ? * SAT,SUN *)", "cron(0 12 ? * SAT,SUN *)", "America/Chicago"},
	} {
		w, err := ParseWarmHours(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := [3]string{w.Starts(), w.Ends(), w.TimeZone()}; got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestNoWarmHours(t *testing.T) {
	w, err := ParseWarmHours("")
	if err != nil || w != (WarmHours{}) || w.Ends() != "cron(0 * * * ? *)" || w.TimeZone() != "UTC" {
		t.Errorf("got %+v, %v", w, err)
	}
}

func TestInvalidWarmHoursAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"weekdays 8-18":               "days, hours and time zone",
		"weekdays  8-18 UTC":          "days, hours and time zone",
		"workdays 8-18 UTC":           "are not days",
		"Mon 8-18 UTC":                "are not days",
		"mon,mon 8-18 UTC":            "each once",
		"mon, 8-18 UTC":               "are not days",
		"daily 18-8 UTC":              "ends after its start",
		"daily 8-25 UTC":              "within 0-24",
		"daily 8 UTC":                 "range of hours",
		"daily +8-18 UTC":             "range of hours",
		"daily 8:00-18:00 UTC":        "range of hours",
		"daily 0-24 UTC":              "the whole day",
		"daily 8-18 Europe/Atlantis":  "time zone database",
		"daily 8-18 Local":            "time zone database",
		"daily 8-18 ":                 "time zone database",
		"daily 8-18 ../../etc/passwd": "time zone database",
	} {
		if _, err := ParseWarmHours(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
