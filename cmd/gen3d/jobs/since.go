package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// period is a duration, which can also be in days, such as 7d.
type period time.Duration

// UnmarshalText parses a period.
func (p *period) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 && n <= 36500 {
			*p = period(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	} else if d, err := time.ParseDuration(string(text)); err == nil && d > 0 {
		*p = period(d)
		return nil
	}
	return fmt.Errorf("%q is not a period; write it as 30m, 24h or 7d", text)
}
