package job

// Names of a photo's user metadata, as S3 stores them after x-amz-meta-.
const (
	MetaObjects = "objects" // [EncodeSelections]
	MetaSeed    = "seed"    // [DecodeOptions]
	MetaFormats = "formats" // [EncodeFormats]
	// MetaJob is the ID of the photo's job. The form of an upload through
	// the API fixes it, and Sweep sets it when it copies a photo onto
	// itself to send its event again.
	MetaJob = "job"
)
