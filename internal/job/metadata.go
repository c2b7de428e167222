package job

import "strconv"

// Names of a photo's user metadata, as S3 stores them after x-amz-meta-.
const (
	MetaObjects = "objects" // [EncodeSelections]
	MetaSeed    = "seed"    // [DecodeOptions]
	MetaFormats = "formats" // [EncodeFormats]
	MetaQuality = "quality" // [Quality]
	MetaFaces   = "faces"   // [Options.Faces]; absent for the quality's default
	// MetaJob is the ID of the photo's job. The form of an upload through
	// the API fixes it, and Sweep sets it when it copies a photo onto
	// itself to send its event again.
	MetaJob = "job"
)

// MetaNames are all names of metadata that Gen3D reads.
var MetaNames = []string{MetaObjects, MetaSeed, MetaFormats, MetaQuality, MetaFaces, MetaJob}

// PhotoMetadata returns the metadata of the photo of a job that has an
// [Upload]. objects is the text of [EncodeSelections].
func PhotoMetadata(id ID, objects string, options Options) map[string]string {
	metadata := map[string]string{
		MetaObjects: objects,
		MetaSeed:    strconv.FormatUint(uint64(options.Seed), 10),
		MetaFormats: EncodeFormats(options.Formats),
		MetaQuality: string(options.Quality),
		MetaJob:     string(id),
	}
	if options.Faces != 0 {
		metadata[MetaFaces] = strconv.Itoa(options.Faces)
	}
	return metadata
}
