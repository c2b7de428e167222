package job

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Options configure how the model makes a job's objects.
type Options struct {
	// Seed of the model's random numbers. The same photo, box and seed
	// result in the same mesh.
	Seed uint32 `json:"seed"`
	// Formats to write, a subset of [AllFormats]. It is not empty in a
	// manifest.
	Formats []Format `json:"formats"`
}

// EncodeFormats joins the formats for the photo's metadata.
func EncodeFormats(formats []Format) string {
	parts := make([]string, len(formats))
	for i, f := range formats {
		parts[i] = string(f)
	}
	return strings.Join(parts, ",")
}

// DecodeOptions parses the photo's metadata values seed and formats. An empty
// value means the default.
func DecodeOptions(seed, formats string) (Options, error) {
	options := Options{Formats: DefaultFormats}
	if seed != "" {
		n, err := strconv.ParseUint(seed, 10, 32)
		if err != nil {
			return Options{}, invalidSeed()
		}
		options.Seed = uint32(n)
	}
	if formats != "" {
		options.Formats = nil
		for f := range strings.SplitSeq(formats, ",") {
			options.Formats = append(options.Formats, Format(strings.TrimSpace(f)))
		}
	}
	return options.Normalize()
}

// Seed returns n as a seed, or an error if it is out of range.
func Seed(n int64) (uint32, error) {
	if n < 0 || n > math.MaxUint32 {
		return 0, invalidSeed()
	}
	return uint32(n), nil
}

func invalidSeed() error {
	return Invalid(CodeBadMetadata, "The seed must be a whole number from 0 to %d.", uint32(math.MaxUint32))
}

// Normalize validates the formats and removes duplicates. An empty list becomes
// [DefaultFormats].
func (o Options) Normalize() (Options, error) {
	asked := map[Format]bool{}
	for _, f := range o.Formats {
		if !slices.Contains(AllFormats, f) {
			return Options{}, Invalid(CodeBadMetadata, "%.20q is not a format; choose from %s.", string(f), EncodeFormats(AllFormats))
		}
		asked[f] = true
	}
	normal := Options{Seed: o.Seed}
	for _, f := range AllFormats {
		if asked[f] {
			normal.Formats = append(normal.Formats, f)
		}
	}
	if len(asked) == 0 {
		normal.Formats = slices.Clone(DefaultFormats)
	}
	return normal, nil
}
