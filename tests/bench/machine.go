package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// describeMachine describes the machine of the figures, without its name.
func describeMachine() string {
	return fmt.Sprintf("%s: %d cores (%s), %s of memory, %s/%s, %s. %s",
		time.Now().UTC().Format("2 January 2006, 15:04 UTC"), runtime.NumCPU(), field("/proc/cpuinfo", "model name"),
		memory(), runtime.GOOS, runtime.GOARCH, runtime.Version(), describeLoad())
}

// describeLoad describes the machine's load, including the bench's.
func describeLoad() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "The load is not known."
	}
	averages := strings.Fields(string(data))
	return fmt.Sprintf("Load averages over 1, 5 and 15 minutes at %s UTC: %s.", time.Now().UTC().Format("15:04"), strings.Join(averages[:3], ", "))
}

func memory() string {
	var kilobytes int64
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d kB", &kilobytes); err != nil {
		return "an unknown amount"
	}
	return fmt.Sprintf("%.0f GiB", float64(kilobytes)/(1<<20))
}

// cpuTime returns the processor time of a running process so far, in steps of
// ten milliseconds: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func cpuTime(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field, the program's name in brackets, may contain anything.
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("reading the times of process %d: there are only %d fields", pid, len(fields))
	}
	var ticks time.Duration
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the times of process %d: %w", pid, err)
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond, nil
}

// field returns the value of a line "name : value" in a file of /proc.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
