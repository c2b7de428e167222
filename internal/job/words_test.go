package job_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"gen3d/internal/job"
)

// words are the texts that the page formats as well
// (webapp/src/format.test.ts).
type words struct {
	Sizes []struct {
		Bytes int64
		Words string
	}
	TooManyBytes []struct {
		Bytes, Most int64
		Message     string
	}
	TooManyPixels []struct {
		Width, Height int
		Most          int64
		Message       string
	}
}

func TestSizesAndTheirLimitsAreInTheWordsOfThePage(t *testing.T) {
	data, err := os.ReadFile("../../testdata/words.json")
	if err != nil {
		t.Fatal(err)
	}
	var want words
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for _, v := range want.Sizes {
		if got := job.Bytes(v.Bytes); got != v.Words {
			t.Errorf("%d bytes are %q, not %q", v.Bytes, got, v.Words)
		}
	}
	for _, v := range want.TooManyBytes {
		limits := job.DefaultLimits()
		limits.MaxBytes = v.Most
		if err := limits.CheckBytes(v.Bytes); err == nil || err.Error() != v.Message {
			t.Errorf("%d bytes: %v", v.Bytes, err)
		}
	}
	for _, v := range want.TooManyPixels {
		limits := job.DefaultLimits()
		limits.MaxPixels, limits.MinSide = v.Most, 1
		if err := limits.CheckSize(v.Width, v.Height); err == nil || err.Error() != v.Message {
			t.Errorf("%d × %d pixels: %v", v.Width, v.Height, err)
		}
	}
}

// A message never shows two equal sizes, whatever the limit is.
func TestOneByteAboveAnyLimitReadsDifferently(t *testing.T) {
	for _, most := range []int64{1, 998, 999, 1000, 1023, 1024, 1_048_063, 1 << 20, 20 << 20, 123_456_789} {
		limits := job.DefaultLimits()
		limits.MaxBytes = most
		message := limits.CheckBytes(most + 1).Error()
		is, rest, _ := strings.Cut(strings.TrimPrefix(message, "The photo is "), ";")
		if strings.Contains(rest, " "+is+".") || strings.Contains(rest, "("+is+")") {
			t.Errorf("above %d: %s", most, message)
		}
	}
}
