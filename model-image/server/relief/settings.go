package relief

import "gen3d/internal/job"

// Settings say how detailed an object is made.
type Settings struct {
	// Cells is the maximum number of grid cells that the object covers. A mesh has
	// three to four triangles for each.
	Cells int
	// LongestGrid is the maximum side of the grid in cells, for long, thin objects,
	// which cover few of its cells.
	LongestGrid int
	// FineCell is the minimum cell size in pixels of the photo. Photos are hardly
	// sharper than 1.5 pixels, and with smaller cells the files of a small picture
	// would be as large as those of a large one.
	FineCell float64
	// Texture is the maximum side of the texture in texels.
	Texture int
}

var settings = map[job.Quality]Settings{
	job.QualityDraft:    {Cells: 5_000, LongestGrid: 240, FineCell: 3, Texture: 1024},
	job.QualityStandard: {Cells: 16_000, LongestGrid: 420, FineCell: 1.5, Texture: 2048},
	job.QualityHigh:     {Cells: 48_000, LongestGrid: 720, FineCell: 1, Texture: 4096},
}

// SettingsOf returns the settings of a quality. ok is false for an unknown
// quality.
func SettingsOf(quality job.Quality) (s Settings, ok bool) {
	s, ok = settings[quality]
	return s, ok
}
