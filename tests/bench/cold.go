package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

const coldStarts = 21

// measureCold measures the start of each function: from starting its process to
// its first request for an event. The functions take turns, so that other load
// of the machine affects all of them equally. Nothing listens at their
// endpoints: a start makes no calls.
func measureCold(ctx context.Context, b *bench) error {
	names := append([]string{"empty"}, functionNames...)
	times := map[string][]time.Duration{}
	for range coldStarts {
		for _, name := range names {
			host, err := startFunction(ctx, b, name, "http://127.0.0.1:1", "http://127.0.0.1:1")
			if err != nil {
				return err
			}
			times[name] = append(times[name], host.ColdStart())
			host.Close()
		}
	}
	for _, name := range names {
		info, err := os.Stat(b.program(name))
		if err != nil {
			return err
		}
		b.table.add(fmt.Sprintf("cold start of %s (%.1f MB), median of %d", name, float64(info.Size())/1e6, coldStarts),
			ms(median(times[name])), ratioOf(median(times[name]), median(times["empty"])), "the empty function")
	}
	return nil
}
