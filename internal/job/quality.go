package job

import (
	"slices"
	"strings"
)

// Quality says how much work the model does for an object, and how detailed its
// textured mesh is.
type Quality string

// The qualities. The table in the user guide says what each costs.
const (
	QualityDraft    Quality = "draft"
	QualityStandard Quality = "standard" // the default
	QualityHigh     Quality = "high"
)

// QualityInfo describes a quality for every part that accepts, shows or makes
// it.
type QualityInfo struct {
	Quality Quality `json:"quality"`
	// Title is the quality's name, and Cost what it is for and what it
	// costs, in words for the user.
	Title string `json:"title"`
	Cost  string `json:"cost"`
	// Faces is the target for the triangles of the textured mesh of a job
	// that does not set [Options.Faces].
	Faces int `json:"faces"`
}

// qualities is the table of qualities, in ascending order. The OpenAPI document,
// the page and the worker have copies; tests compare them with
// testdata/qualities.json, which is written from this table.
var qualities = []QualityInfo{
	{
		Quality: QualityDraft, Title: "Draft", Faces: 15_000,
		Cost: "for a first look: half the model's work, with less detail in shape and colors",
	},
	{
		Quality: QualityStandard, Title: "Standard", Faces: 50_000,
		Cost: "for most photos: the model's published settings",
	},
	{
		Quality: QualityHigh, Title: "High", Faces: 150_000,
		Cost: "for the final mesh: twice the model's work, with more detail and larger files",
	},
}

// Qualities returns the table of qualities.
func Qualities() []QualityInfo { return slices.Clone(qualities) }

// Info returns the description of the quality. ok is false for an unknown
// quality.
func (q Quality) Info() (info QualityInfo, ok bool) {
	i := slices.IndexFunc(qualities, func(info QualityInfo) bool { return info.Quality == q })
	if i < 0 {
		return QualityInfo{}, false
	}
	return qualities[i], true
}

// ParseQuality returns the quality of a name.
func ParseQuality(name string) (Quality, error) {
	if _, ok := Quality(name).Info(); !ok {
		var names []string
		for _, info := range qualities {
			names = append(names, string(info.Quality))
		}
		return "", Invalid(CodeBadMetadata, "%.20q is not a quality; choose from %s.", name, strings.Join(names, ","))
	}
	return Quality(name), nil
}

// Range of [Options.Faces].
const (
	MinFaces = 1_000
	MaxFaces = 500_000
)

// Faces returns n as a target for the triangles of the textured mesh, or an
// error if it is out of range. 0 means the quality's default.
func Faces(n int64) (int, error) {
	if n != 0 && (n < MinFaces || n > MaxFaces) {
		return 0, invalidFaces()
	}
	return int(n), nil
}

func invalidFaces() error {
	return Invalid(CodeBadMetadata, "The number of faces must be a whole number from %s to %s, or 0 for the quality's default.",
		thousands(MinFaces), thousands(MaxFaces))
}
