package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// table collects the figures.
type table struct {
	part string // of the next rows
	rows [][5]string
}

// add adds a row: what was measured, the figure, and its ratio to another.
func (t *table) add(what, figure, ratio, to string) {
	t.rows = append(t.rows, [5]string{t.part, what, figure, ratio, to})
}

func (t *table) print(w io.Writer) {
	fmt.Fprintln(w, "| part | what | figure | ratio | to |")
	fmt.Fprintln(w, "|---|---|--:|--:|---|")
	last := ""
	for _, r := range t.rows {
		part := r[0]
		if part == last {
			part = ""
		}
		last = r[0]
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", part, r[1], r[2], r[3], r[4])
	}
}

// percentile returns a percentile of times, by the nearest rank; 50 is the
// median.
func percentile(times []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

func median(times []time.Duration) time.Duration { return percentile(times, 50) }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
}

func ratioOf(a, b time.Duration) string { return ratio(float64(a), float64(b)) }

// thousands formats 10000 as 10,000.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
