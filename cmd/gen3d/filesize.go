package main

import (
	"fmt"
	"strconv"
	"strings"
)

// fileSize is a number of bytes, formatted as 500MB or 1GB (powers of ten).
type fileSize int64

// UnmarshalText parses a size.
func (s *fileSize) UnmarshalText(text []byte) error {
	number, unit := strings.ToUpper(strings.TrimSpace(string(text))), int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}} {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 1<<62/unit {
		return fmt.Errorf("%q is not a size; write it as 500MB or 1GB", text)
	}
	*s = fileSize(n * unit)
	return nil
}
