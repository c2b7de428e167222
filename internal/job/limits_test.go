package job_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
)

func TestPhotoLimits(t *testing.T) {
	l := job.DefaultLimits()
	for bytes, code := range map[int64]job.Code{
		-1: job.CodeEmptyFile, 0: job.CodeEmptyFile, 1: "", 20 << 20: "", 20<<20 + 1: job.CodeTooManyBytes, math.MaxInt64: job.CodeTooManyBytes,
	} {
		check(t, fmt.Sprint(bytes, " bytes"), l.CheckBytes(bytes), code)
	}
	for size, code := range map[[2]int]job.Code{
		{64, 64}: "", {63, 64}: job.CodeTooSmall, {64, 63}: job.CodeTooSmall, {0, 0}: job.CodeTooSmall, {-5, 100}: job.CodeTooSmall,
		{10_000, 5_000}: "", {10_000, 5_001}: job.CodeTooManyPixels, {50_000_001, 64}: job.CodeTooManyPixels,
		{math.MaxInt32, math.MaxInt32}: job.CodeTooManyPixels, {1 << 33, 1 << 33}: job.CodeTooManyPixels,
	} {
		check(t, fmt.Sprint(size, " pixels"), l.CheckSize(size[0], size[1]), code)
	}
}

func check(t *testing.T, name string, err error, code job.Code) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	failure, ok := job.AsFailure(err)
	if !ok || failure.Code != code || !strings.HasSuffix(failure.Message, ".") {
		t.Errorf("%s: %v; want %s", name, err, code)
	}
}

func TestBoxLimits(t *testing.T) {
	l := job.DefaultLimits()
	for name, test := range map[string]struct {
		box  *job.Box
		code job.Code
	}{
		"none":                      {nil, ""},
		"the whole picture":         {box(0, 0, 600, 400), ""},
		"the smallest":              {box(592, 392, 600, 400), ""},
		"one pixel right of it":     {box(0, 0, 601, 400), job.CodeBoxOutside},
		"one pixel below it":        {box(0, 0, 600, 401), job.CodeBoxOutside},
		"left of it":                {box(-1, 0, 600, 400), job.CodeBoxOutside},
		"above it":                  {box(0, -1, 600, 400), job.CodeBoxOutside},
		"too narrow":                {box(0, 0, 7, 400), job.CodeBoxTooSmall},
		"too low":                   {box(0, 0, 600, 7), job.CodeBoxTooSmall},
		"right to left":             {box(300, 0, 200, 400), job.CodeBoxTooSmall},
		"a width beyond an integer": {box(1, 0, math.MinInt, 400), job.CodeBoxTooSmall},
		"a height beyond one":       {box(0, 1, 600, math.MinInt), job.CodeBoxTooSmall},
	} {
		check(t, name, l.CheckSelections([]job.Selection{{Box: test.box}}, 600, 400), test.code)
		if test.code != job.CodeBoxOutside {
			check(t, name+", size unknown", l.CheckSelections([]job.Selection{{Box: test.box}}, 0, 0), test.code)
		}
	}
	check(t, "16 objects", l.CheckSelections(make([]job.Selection, 16), 600, 400), "")
	check(t, "17 objects", l.CheckSelections(make([]job.Selection, 17), 600, 400), job.CodeTooManyBoxes)
	check(t, "a long label", l.CheckSelections([]job.Selection{{Label: strings.Repeat("猫", 41)}}, 0, 0), job.CodeBadMetadata)
	check(t, "a label of 40 runes", l.CheckSelections([]job.Selection{{Label: strings.Repeat("猫", 40)}}, 0, 0), "")
	check(t, "a label of two lines", l.CheckSelections([]job.Selection{{Label: "a\nb"}}, 0, 0), job.CodeBadMetadata)
	check(t, "a label that is not UTF-8", l.CheckSelections([]job.Selection{{Label: "\xff"}}, 0, 0), job.CodeBadMetadata)
}

func TestPointLimits(t *testing.T) {
	l := job.DefaultLimits()
	inside := func(x, y int) []job.Point { return []job.Point{{X: x, Y: y, Inside: true}} }
	for name, test := range map[string]struct {
		job.Selection
		code job.Code
	}{
		"the first pixel":         {job.Selection{Points: inside(0, 0)}, ""},
		"the last pixel":          {job.Selection{Points: inside(599, 399)}, ""},
		"right of it":             {job.Selection{Points: inside(600, 399)}, job.CodePointOutside},
		"below it":                {job.Selection{Points: inside(599, 400)}, job.CodePointOutside},
		"left of it":              {job.Selection{Points: inside(-1, 0)}, job.CodePointOutside},
		"above it":                {job.Selection{Points: inside(0, math.MinInt)}, job.CodePointOutside},
		"16 points":               {job.Selection{Points: slices.Repeat(inside(1, 1), 16)}, ""},
		"17 points":               {job.Selection{Points: slices.Repeat(inside(1, 1), 17)}, job.CodeTooManyPoints},
		"outside only":            {job.Selection{Points: []job.Point{{X: 1, Y: 1}}}, job.CodeNoPointInside},
		"outside only, a box":     {job.Selection{Points: []job.Point{{X: 1, Y: 1}}, Box: box(0, 0, 9, 9)}, ""},
		"outside only, a mask":    {job.Selection{Points: []job.Point{{X: 1, Y: 1}}, Mask: true}, ""},
		"a point beside the box":  {job.Selection{Points: inside(300, 300), Box: box(0, 0, 9, 9)}, ""},
		"a point and a small box": {job.Selection{Points: inside(1, 1), Box: box(0, 0, 3, 9)}, job.CodeBoxTooSmall},
	} {
		check(t, name, l.CheckSelections([]job.Selection{{}, test.Selection}, 600, 400), test.code)
	}
	check(t, "size unknown", l.CheckSelections([]job.Selection{{Points: inside(1<<24, 1<<24)}}, 0, 0), "")
	check(t, "beyond every picture", l.CheckSelections([]job.Selection{{Points: inside(1<<24+1, 0)}}, 0, 0), job.CodePointOutside)
	err := l.CheckSelections([]job.Selection{{}, {Points: append(inside(1, 1), inside(700, 20)...)}}, 600, 400)
	if want := "Point 2 of object 2 (700,20) is outside the photo of 600 × 400 pixels; move it inside."; err == nil || err.Error() != want {
		t.Errorf("the message is %q; want %q", err, want)
	}
}

func TestLimitsAreReadOverTheDefaultsAndChecked(t *testing.T) {
	want := job.DefaultLimits()
	if got, err := job.ParseLimits(""); err != nil || got != want {
		t.Errorf("nothing reads as %+v, %v", got, err)
	}
	want.MaxObjects, want.MaxBytes = 3, 1000
	if got, err := job.ParseLimits(`{"maxObjects":3,"maxBytes":1000}`); err != nil || got != want {
		t.Errorf("read %+v, %v", got, err)
	}
	for text, says := range map[string]string{
		"{": "limits", `{"maxobject":3}`: "maxobject", `{"minBox":0,"maxUnfinished":-1}`: "maxUnfinished is -1", `{"maxObjects":1000}`: "at most 999",
		`{"maxUnfinished":1001}`: "at most 1000",
	} {
		if _, err := job.ParseLimits(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
