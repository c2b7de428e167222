package job

// Names of a photo's user metadata, as S3 stores them after x-amz-meta-.
const (
	MetaObjects = "objects" // [EncodeSelections]
	MetaSeed    = "seed"    // [DecodeOptions]
	MetaFormats = "formats" // [EncodeFormats]
	// MetaJob is the ID of the job whose photo this is: fixed by the form of a
	// photo posted through the API, and set where a photo is copied onto itself
	// to send its event again.
	MetaJob = "job"
)
