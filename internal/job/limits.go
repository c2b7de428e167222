package job

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Limits restrict what a job can request. They are configuration of the stack,
// and the page shows them.
type Limits struct {
	MaxBytes      int64 `json:"maxBytes"`      // of the photo's file
	MaxPixels     int64 `json:"maxPixels"`     // width times height
	MinSide       int   `json:"minSide"`       // pixels of the shorter side
	MaxObjects    int   `json:"maxObjects"`    // for each job
	MinBox        int   `json:"minBox"`        // pixels of each side
	MaxUnfinished int   `json:"maxUnfinished"` // jobs of each user
}

// DefaultLimits returns the limits of a stack that configures none.
func DefaultLimits() Limits {
	return Limits{
		MaxBytes:      20 << 20,
		MaxPixels:     50_000_000,
		MinSide:       64,
		MaxObjects:    16,
		MinBox:        8,
		MaxUnfinished: 20,
	}
}

// ParseLimits parses limits from JSON, such as {"maxObjects":4}. Missing limits
// have their defaults, and so do all limits if text is empty.
func ParseLimits(text string) (Limits, error) {
	limits := DefaultLimits()
	if text == "" {
		return limits, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&limits); err != nil {
		return Limits{}, fmt.Errorf("reading the limits: %w", err)
	}
	return limits, limits.Validate()
}

// Validate returns every invalid limit, joined in one error.
func (l Limits) Validate() error {
	var wrong []string
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"maxBytes", l.MaxBytes}, {"maxPixels", l.MaxPixels}, {"minSide", int64(l.MinSide)},
		{"maxObjects", int64(l.MaxObjects)}, {"minBox", int64(l.MinBox)}, {"maxUnfinished", int64(l.MaxUnfinished)},
	} {
		if limit.value < 1 {
			wrong = append(wrong, fmt.Sprintf("%s is %d, which must be at least 1", limit.name, limit.value))
		}
	}
	if l.MaxObjects > maxNumber {
		wrong = append(wrong, fmt.Sprintf("maxObjects is %d, which must be at most %d", l.MaxObjects, maxNumber))
	}
	if l.MaxUnfinished > mostUnfinished {
		wrong = append(wrong, fmt.Sprintf("maxUnfinished is %d, which must be at most %d", l.MaxUnfinished, mostUnfinished))
	}
	if len(wrong) > 0 {
		return fmt.Errorf("limits: %s", strings.Join(wrong, ", "))
	}
	return nil
}

// CheckBytes checks the size of the photo's file.
func (l Limits) CheckBytes(bytes int64) error {
	switch {
	case bytes <= 0:
		return Invalid(CodeEmptyFile, "The photo is an empty file; choose another one.")
	case bytes > l.MaxBytes:
		size, limit := overBytes(bytes, l.MaxBytes)
		return Invalid(CodeTooManyBytes, "The photo is %s; the limit is %s. Save it smaller and try again.", size, limit)
	}
	return nil
}

// CheckSize checks the photo's width and height in pixels.
func (l Limits) CheckSize(width, height int) error {
	switch {
	case width < l.MinSide || height < l.MinSide:
		return Invalid(CodeTooSmall, "The photo has %d × %d pixels; each side needs at least %d.", width, height, l.MinSide)
	case int64(width) > l.MaxPixels || int64(height) > l.MaxPixels || int64(width)*int64(height) > l.MaxPixels:
		return Invalid(CodeTooManyPixels, "The photo is %d × %d pixels; the limit is %s. Scale it down and try again.", width, height, limitPixels(l.MaxPixels))
	}
	return nil
}

// CheckSelections checks the objects that a user marked. If the image's width
// and height are 0, they are not known yet, and only the size of boxes and the
// number of points are checked.
func (l Limits) CheckSelections(selections []Selection, width, height int) error {
	if len(selections) > l.MaxObjects {
		return Invalid(CodeTooManyBoxes, "%d objects are marked; the limit is %d. Delete some and try again.", len(selections), l.MaxObjects)
	}
	for i, s := range selections {
		if err := checkLabel(s.Label); err != nil {
			return Invalid(CodeBadMetadata, "Object %d cannot be used: %v.", i+1, err)
		}
		if err := checkPoints(i+1, s, width, height); err != nil {
			return err
		}
		if s.Box == nil {
			continue
		}
		b := *s.Box
		switch {
		case b[0] < 0 || b[1] < 0:
			return Invalid(CodeBoxOutside, "Box %d (%d,%d,%d,%d) reaches beyond the photo's left or upper edge; move it inside.", i+1, b[0], b[1], b[2], b[3])
		case width > 0 && (b[2] > width || b[3] > height):
			return Invalid(CodeBoxOutside, "Box %d (%d,%d,%d,%d) reaches beyond the photo of %d × %d pixels; move it inside.", i+1, b[0], b[1], b[2], b[3], width, height)
		case b[2] > maxCoordinate || b[3] > maxCoordinate:
			return Invalid(CodeBoxOutside, "Box %d (%d,%d,%d,%d) reaches beyond every photo that can be used; move it inside.", i+1, b[0], b[1], b[2], b[3])
		case b[2] < b[0] || b[3] < b[1]: // before subtracting, which could overflow
			return Invalid(CodeBoxTooSmall, "Box %d (%d,%d,%d,%d) ends before it begins; write left, top, right and bottom edge.", i+1, b[0], b[1], b[2], b[3])
		case b.Width() < l.MinBox || b.Height() < l.MinBox:
			return Invalid(CodeBoxTooSmall, "Box %d has %d × %d pixels; each side needs at least %d.", i+1, b.Width(), b.Height(), l.MinBox)
		}
	}
	return nil
}
