package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the same time zones on every machine
)

// WarmHours are hours of days during which one instance is kept. The zero
// value is no hours.
type WarmHours struct {
	Days       string // field of a cron expression: MON-FRI, MON,WED or *
	Start, End int    // hours, 0 to 23 and 1 to 24; the end is exclusive
	Zone       string // name in the IANA time zone database
}

// warmExample is the setting that messages show.
const warmExample = "weekdays 8-18 Europe/Berlin"

var weekdays = []string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"}

// ParseWarmHours parses days, hours and time zone, separated by spaces, such
// as "weekdays 8-18 Europe/Berlin". Days are daily, weekdays, weekends, or
// names separated by commas: mon,wed,fri. An empty text is no hours.
func ParseWarmHours(text string) (WarmHours, error) {
	if text == "" {
		return WarmHours{}, nil
	}
	parts := strings.Split(text, " ")
	if len(parts) != 3 {
		return WarmHours{}, fmt.Errorf("%q is not days, hours and time zone; write %q", text, warmExample)
	}
	days, err := warmDays(parts[0])
	if err != nil {
		return WarmHours{}, err
	}
	first, last, ok := strings.Cut(parts[1], "-")
	start, startErr := strconv.Atoi(first)
	end, endErr := strconv.Atoi(last)
	if !ok || startErr != nil || endErr != nil || start < 0 || end > 24 || start >= end || strings.ContainsAny(parts[1], "+") {
		return WarmHours{}, fmt.Errorf("%q is not a range of hours within 0-24 that ends after its start; write 8-18", parts[1])
	}
	if start == 0 && end == 24 {
		return WarmHours{}, fmt.Errorf("%q is the whole day; write a shorter range, or set autoscaling.min to 1", parts[1])
	}
	// LoadLocation takes "" for UTC and "Local" for the machine's zone.
	if _, err := time.LoadLocation(parts[2]); err != nil || parts[2] == "" || parts[2] == "Local" {
		return WarmHours{}, fmt.Errorf("%q is not in the IANA time zone database; write a name such as Europe/Berlin or UTC", parts[2])
	}
	return WarmHours{Days: days, Start: start, End: end, Zone: parts[2]}, nil
}

func warmDays(text string) (string, error) {
	switch text {
	case "daily":
		return "*", nil
	case "weekdays":
		return "MON-FRI", nil
	case "weekends":
		return "SAT,SUN", nil
	}
	var days []string
	for name := range strings.SplitSeq(text, ",") {
		day := strings.ToUpper(name)
		if name != strings.ToLower(name) || !slices.Contains(weekdays, day) || slices.Contains(days, day) {
			return "", fmt.Errorf("%q are not days; write daily, weekdays, weekends, or names such as mon,wed,fri, each once", text)
		}
		days = append(days, day)
	}
	return strings.Join(days, ","), nil
}

// Starts is the cron expression of every hour at which an instance is kept. It
// repeats, so that a minimum that an up has set back is corrected within the
// hour, and a stack created during the hours starts its instance.
// https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
func (w WarmHours) Starts() string {
	hours := fmt.Sprint(w.Start)
	if w.End-1 > w.Start {
		hours = fmt.Sprintf("%d-%d", w.Start, w.End-1)
	}
	return fmt.Sprintf("cron(0 %s ? * %s *)", hours, w.Days)
}

// Ends is the cron expression of the end; without warm hours, that of every
// hour, which corrects a minimum that removed warm hours have left.
func (w WarmHours) Ends() string {
	switch w.End {
	case 0:
		return "cron(0 * * * ? *)"
	case 24: // of the same day
		return fmt.Sprintf("cron(59 23 ? * %s *)", w.Days)
	}
	return fmt.Sprintf("cron(0 %d ? * %s *)", w.End, w.Days)
}

// TimeZone returns the time zone, UTC without warm hours.
func (w WarmHours) TimeZone() string {
	if w.Zone == "" {
		return "UTC"
	}
	return w.Zone
}
