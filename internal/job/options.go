package job

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Options configure how the model makes a job's objects.
type Options struct {
	// Seed of the model's random numbers. The same photo, box, seed and
	// quality result in the same mesh.
	Seed uint32 `json:"seed"`
	// Formats to write, a subset of [AllFormats]. It is not empty in a
	// manifest.
	Formats []Format `json:"formats"`
	// Quality of the objects. Documents without it are of the standard
	// quality.
	Quality Quality `json:"quality,omitempty"`
	// Faces is the target for the triangles of the textured mesh, from
	// [MinFaces] to [MaxFaces], or 0 for the quality's default.
	Faces int `json:"faces,omitempty"`
}

// DefaultOptions returns the options of a job that sets none.
func DefaultOptions() Options { return Options{Formats: DefaultFormats, Quality: QualityStandard} }

// UnmarshalJSON reads options. It sets the quality that an older document does
// not have.
func (o *Options) UnmarshalJSON(data []byte) error {
	type document Options // without this method
	read := document{Quality: QualityStandard}
	if err := json.Unmarshal(data, &read); err != nil {
		return fmt.Errorf("reading the options: %w", err)
	}
	*o = Options(read)
	return nil
}

// EncodeFormats joins the formats for the photo's metadata.
func EncodeFormats(formats []Format) string {
	parts := make([]string, len(formats))
	for i, f := range formats {
		parts[i] = string(f)
	}
	return strings.Join(parts, ",")
}

// DecodeOptions parses the options in the photo's metadata: seed, formats,
// quality and faces. A value that is absent or empty means the default.
func DecodeOptions(metadata map[string]string) (Options, error) {
	var options Options
	if seed := metadata[MetaSeed]; seed != "" {
		n, err := strconv.ParseUint(seed, 10, 32)
		if err != nil {
			return Options{}, invalidSeed()
		}
		options.Seed = uint32(n)
	}
	if formats := metadata[MetaFormats]; formats != "" {
		for f := range strings.SplitSeq(formats, ",") {
			options.Formats = append(options.Formats, Format(strings.TrimSpace(f)))
		}
	}
	options.Quality = Quality(strings.TrimSpace(metadata[MetaQuality]))
	if faces := metadata[MetaFaces]; faces != "" {
		n, err := strconv.ParseUint(faces, 10, 31)
		if err != nil {
			return Options{}, invalidFaces()
		}
		options.Faces = int(n)
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

// Normalize validates the options and removes duplicate formats. An empty list
// becomes [DefaultFormats], and no quality the default.
func (o Options) Normalize() (Options, error) {
	asked := map[Format]bool{}
	for _, f := range o.Formats {
		if !slices.Contains(AllFormats, f) {
			return Options{}, Invalid(CodeBadMetadata, "%.20q is not a format; choose from %s.", string(f), EncodeFormats(AllFormats))
		}
		asked[f] = true
	}
	quality, err := ParseQuality(cmp.Or(string(o.Quality), string(QualityStandard)))
	if err != nil {
		return Options{}, err
	}
	faces, err := Faces(int64(o.Faces))
	if err != nil {
		return Options{}, err
	}
	normal := Options{Seed: o.Seed, Quality: quality, Faces: faces}
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
